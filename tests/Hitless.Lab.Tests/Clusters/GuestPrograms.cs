using System.Diagnostics;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>
/// Programs as users run them, before and behind the units, with the kernel's helpers on: vsftpd and lftp, sipp at both ends, a TFTP server
/// and client, ping. The client's side is hidden behind the virtual address, and only it may open.
/// </summary>
internal sealed class GuestPrograms : IDisposable
{
    private const string Helpers = """
        table ip helpers {
            ct helper ftp { type "ftp" protocol tcp; }
            ct helper tftp { type "tftp" protocol udp; }
            ct helper sip { type "sip" protocol udp; }
            chain pre {
                type filter hook prerouting priority -150;
                tcp dport 21 ct helper set "ftp"
                udp dport 69 ct helper set "tftp"
                udp dport 5060 ct helper set "sip"
                tcp dport 9004 ct mark set 0x77 ct label set 5
            }
            chain zones {
                type filter hook prerouting priority raw;
                iifname "lan0" ip saddr 10.10.1.104 ct zone set 5
                iifname "wan0" ip daddr 10.10.1.104 ct zone set 5
            }
            chain strict {
                type filter hook forward priority 10;
                tcp dport 9004 ct mark != 0x77 counter drop
                tcp dport 9004 ct label != 5 counter drop
                ip saddr 10.10.1.104 ct zone != 5 counter drop
            }
        }

        """;

    // What a reboot of a unit may take away: it is in no managed file.
    private const string FtpHelper = """
        table ip helpers {
            ct helper ftp { type "ftp" protocol tcp; }
            chain pre {
                type filter hook prerouting priority -150;
                tcp dport 21 ct helper set "ftp"
            }
        }

        """;

    private const string Vsftpd = """
        listen=YES
        anonymous_enable=YES
        no_anon_password=YES
        local_enable=NO
        background=NO
        isolate=NO
        isolate_network=NO
        seccomp_sandbox=NO
        connect_from_port_20=YES
        nopriv_user=nobody
        ftp_username=daemon
        anon_root=FOLDER/public
        secure_chroot_dir=FOLDER/empty
        xferlog_enable=NO

        """;

    private readonly LabPlan plan;
    private readonly string folder;
    private readonly List<Guest> guests = [];

    /// <param name="plan">The lab.</param>
    /// <param name="ftpOnly">Only FTP has a helper, and nothing is marked or put into a zone.</param>
    /// <param name="source">The address of programs that do not let one choose it.</param>
    public GuestPrograms(LabPlan plan, bool ftpOnly = false, string source = "10.10.1.204")
    {
        this.plan = plan;
        folder = Directory.CreateTempSubdirectory("hitless-guests-").FullName;
        foreach (var unit in plan.Units)
        {
            Tool.Run("ip", ["netns", "exec", plan.NamespaceOf(unit), "nft", "-f", "-"], ftpOnly ? FtpHelper : Helpers);
        }

        foreach (var place in (string[])["public", "empty", "client"])
        {
            Directory.CreateDirectory(Path.Combine(folder, place));
        }

        File.WriteAllBytes(Path.Combine(folder, "public", "big"), new byte[16 << 20]);
        File.WriteAllBytes(Path.Combine(folder, "public", "medium"), new byte[3_000_000]);
        File.WriteAllBytes(Path.Combine(folder, "public", "small"), new byte[4 << 10]);
        File.WriteAllText(Path.Combine(folder, "vsftpd.conf"), Vsftpd.Replace("FOLDER", folder, StringComparison.Ordinal));
        Tool.Run("chmod", ["-R", "a+rX,go-w", folder]);
        // Programs that do not let one choose their source speak from this one.
        Tool.Run(
            "ip",
            ["-n", plan.NamespaceOf(LabPlan.Client), "route", "add", $"{Addresses.Server}/32", "via", Addresses.VirtualLan, "src", source]
        );
        Start(LabPlan.Server, "vsftpd", Path.Combine(folder, "vsftpd.conf"));
        Start(
            LabPlan.Server,
            "in.tftpd",
            "-L",
            "--address",
            $"{Addresses.Server}:69",
            "--user",
            "nobody",
            "-s",
            Path.Combine(folder, "public")
        );
        Start(LabPlan.Server, "sipp", "-sn", "uas", "-i", Addresses.Server, "-p", "5060", "-nostdin");
    }

    /// <summary>
    /// Fetches a file of 3 MB in fifteen seconds and lists the folder over the same control connection; no second try of anything.
    /// </summary>
    public Guest Ftp(string source, bool passive) =>
        Start(
            LabPlan.Client,
            "lftp",
            "-d",
            "-c",
            $"set net:socket-bind-ipv4 {source}; set ftp:passive-mode {(passive ? "on" : "off")}; set net:max-retries 1; set "
                + $"net:timeout 25; set net:limit-total-rate 200000; "
                + $"open ftp://{Addresses.Server}; cat medium | wc -c; cls -1"
        );

    /// <summary>Two calls a second, each of six seconds; ends well if every message of every call came.</summary>
    public Guest Calls(string source) =>
        Start(
            LabPlan.Client,
            "sipp",
            "-sn",
            "uac",
            "-i",
            source,
            "-p",
            "5060",
            "-d",
            "6000",
            "-r",
            "2",
            "-m",
            "16",
            "-nostdin",
            "-timeout",
            "60s",
            "-timeout_error",
            $"{Addresses.Server}:5060"
        );

    /// <summary>Fetches a file in blocks of 512 bytes, one after the other.</summary>
    public Guest Tftp(string file) =>
        Start(LabPlan.Client, "tftp", "-m", "binary", Addresses.Server, "-c", "get", file, Path.Combine(folder, "client", file));

    /// <summary>Ten echoes a second, of one identifier.</summary>
    public Guest Ping(int seconds, string source = "10.10.1.203") =>
        Start(LabPlan.Client, "ping", "-i", "0.1", "-c", $"{seconds * 10}", "-q", "-I", source, Addresses.Server);

    /// <summary>A file that came is as long as the one that was sent.</summary>
    public void AssertWhole(string file) =>
        Assert.Equal(new FileInfo(Path.Combine(folder, "public", file)).Length, new FileInfo(Path.Combine(folder, "client", file)).Length);

    public void Dispose()
    {
        guests.ForEach(guest => guest.Dispose());
        Directory.Delete(folder, recursive: true);
    }

    private Guest Start(string node, params IEnumerable<string> words)
    {
        var process = Tool.Start("ip", ["netns", "exec", plan.NamespaceOf(node), "env", "TERM=dumb", .. words], redirectInput: true);
        var guest = new Guest(process);
        guests.Add(guest);
        return guest;
    }
}

/// <summary>One of them; all that it says is kept.</summary>
internal sealed class Guest : IDisposable
{
    private readonly Process process;
    private readonly System.Text.StringBuilder said = new();

    public Guest(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    /// <summary>Waits until it has said so.</summary>
    public async Task UntilSaidAsync(string words, TimeSpan limit, CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); !Said.Contains(words, StringComparison.Ordinal); await Task.Delay(20, cancellation))
        {
            Assert.True(
                clock.Elapsed < limit && !process.HasExited,
                $"{process.StartInfo.ArgumentList[5]} has not said \"{words}\": {Said}"
            );
        }
    }

    /// <summary>Waits for its end, which must be a good one, and gives back all that it said.</summary>
    public async Task<string> EndsWellAsync(TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            await process.WaitForExitAsync(cancellation).WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{process.StartInfo.ArgumentList[5]} has not ended within {limit.TotalSeconds} s: {Said}");
        }

        Assert.True(process.ExitCode == 0, $"{process.StartInfo.ArgumentList[5]} ended with {process.ExitCode}: {Said}");
        return Said;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }
}
