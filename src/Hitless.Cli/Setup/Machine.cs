using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hitless.Core.Api;

namespace Hitless.Cli.Setup;

/// <summary>An interface of this machine, with the addresses that are not link-local as <c>10.10.9.1/24</c>.</summary>
internal sealed record MachineInterface(string Name, bool Up, int Mtu, IReadOnlyList<string> Addresses)
{
    /// <summary>The addresses without their prefix.</summary>
    public IEnumerable<IPAddress> OwnAddresses => Addresses.Select(each => IPAddress.Parse(each.Split('/')[0]));

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Name} ({(Addresses.Count == 0 ? "no address" : string.Join(", ", Addresses))}{(Up ? "" : ", down")})";
}

/// <summary>This machine: what setup looks at, and what it runs.</summary>
internal static class Machine
{
    private static readonly TimeSpan ProgramLimit = TimeSpan.FromMinutes(2);

    /// <summary>Whether systemd runs this machine.</summary>
    public static bool HasSystemd => Directory.Exists("/run/systemd/system");

    /// <summary>All interfaces but the loopback, by name.</summary>
    public static IReadOnlyList<MachineInterface> Interfaces() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(each => each.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .Select(each => new MachineInterface(
                    each.Name,
                    each.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown,
                    MtuOf(each.Name),
                    [
                        .. each.GetIPProperties()
                            .UnicastAddresses.Where(own => !own.Address.IsIPv6LinkLocal)
                            .Select(own => $"{own.Address}/{own.PrefixLength}"),
                    ]
                ))
                .OrderBy(each => each.Name, StringComparer.Ordinal),
        ];

    /// <summary>The own address that packets to <paramref name="there"/> leave with; none is sent.</summary>
    public static IPAddress AddressTowards(IPEndPoint there)
    {
        using var socket = new Socket(there.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(there);
        return ((IPEndPoint)socket.LocalEndPoint!).Address;
    }

    /// <summary>Runs a program that is on this machine; null if it is not. It ends within two minutes.</summary>
    public static (int Code, string Output, string Errors)? Run(string program, params string[] arguments) =>
        Run(ProgramLimit, program, arguments);

    /// <summary>The same for one that may take longer.</summary>
    public static (int Code, string Output, string Errors)? Run(TimeSpan limit, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(Find(program), arguments)
                {
                    UseShellExecute = false,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(limit))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            return (process.ExitCode, output.Result, errors.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Installs an image in the first slot by hitless-boot; the same image twice is no fault.</summary>
    /// <exception cref="RefusedException">It is refused, or hitless-boot is not there.</exception>
    public static void InstallImage(string image, string trust, string state)
    {
        var ran = Run("hitless-boot", "--state", state, "--install", image, "--trust", trust);
        if (ran is not { Code: 0 })
        {
            var lines = (ran?.Errors ?? "hitless-boot is not on this machine\ninstall the package, or see docs/install.md")
                .Trim()
                .Split('\n')
                .Select(line => line.Replace("hitless-boot: ", "", StringComparison.Ordinal))
                .ToList();
            throw new RefusedException($"the image {image} was not installed: {lines[0]}", lines.Count > 1 ? lines[1] : "see above");
        }
    }

    /// <summary>Enables and starts the service.</summary>
    /// <exception cref="RefusedException">systemd refuses.</exception>
    public static void StartService()
    {
        if (Run("systemctl", "enable", "--now", "hitless.service") is var ran && ran is not { Code: 0 })
        {
            throw new RefusedException(
                $"hitless.service was not started: {ran?.Errors.Trim().Split('\n')[0] ?? "there is no systemctl"}",
                "systemctl status hitless says why; the files are written"
            );
        }
    }

    /// <summary>What the unit says of itself, asked until it is ready, for a minute at most; null: it did not answer.</summary>
    public static async Task<UnitStatus?> UntilReadyAsync(Call call)
    {
        UnitStatus? last = null;
        for (var until = DateTime.UtcNow + TimeSpan.FromMinutes(1); DateTime.UtcNow < until; )
        {
            try
            {
                var status = await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);
                last = status.Units.FirstOrDefault(unit => unit.Name == status.Self);
                if (last?.State == UnitStateWord.Ready)
                {
                    return last;
                }
            }
            catch (UnreachableException)
            {
                // It has not begun to answer.
            }

            await Task.Delay(200, call.Cancel);
        }

        return last;
    }

    private static int MtuOf(string name)
    {
        var file = $"/sys/class/net/{name}/mtu";
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), out var mtu) ? mtu : 0;
    }

    // Not every shell has sbin in its path.
    private static string Find(string program) =>
        new[] { "/usr/sbin", "/usr/local/sbin", "/usr/bin", "/sbin" }
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists)
        ?? program;
}
