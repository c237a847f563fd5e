using System.Diagnostics;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// A Debian 12 with systemd in a container, in a network namespace of the lab; its disk is in memory and vanishes with it.
/// </summary>
internal sealed class SystemdMachine : IDisposable
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(60);
    private readonly Process _container;

    private SystemdMachine(string name, Process container) => (Name, _container) = (name, container);

    /// <summary>Its host name.</summary>
    public string Name { get; }

    /// <summary>Boots <paramref name="root"/> in the namespace; what lies in <paramref name="shared"/> is in root's folder there.</summary>
    public static SystemdMachine Boot(string name, string root, string netNamespace, string shared)
    {
        var start = new ProcessStartInfo(
            "systemd-nspawn",
            [
                "-q",
                "-D",
                root,
                "-M",
                name,
                "--hostname",
                name,
                "--volatile=overlay",
                "--boot",
                "--keep-unit",
                "--register=no",
                $"--network-namespace-path=/run/netns/{netNamespace}",
                "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_NICE,CAP_BPF,CAP_PERFMON,CAP_SYS_ADMIN,CAP_IPC_LOCK",
                "--console=pipe",
                $"--bind-ro={shared}:/media",
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SYSTEMD_NSPAWN_API_VFS_WRITABLE"] = "network";
        var container = Process.Start(start)!;
        container.StandardInput.Close();
        _ = container.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = container.StandardError.BaseStream.CopyToAsync(Stream.Null);
        var machine = new SystemdMachine(name, container);
        for (var until = DateTimeOffset.UtcNow + BootLimit; DateTimeOffset.UtcNow < until; Thread.Sleep(300))
        {
            if (machine.Leader() is not null && machine.Try("systemctl is-system-running").Output.Trim() is "running" or "degraded")
            {
                machine.Type($"hostname {name}");
                return machine;
            }
        }

        machine.Dispose();
        throw new LabException(
            $"the container {name} did not boot within {BootLimit.TotalSeconds} s",
            $"try: systemd-nspawn -D {root} --volatile=overlay --boot"
        );
    }

    /// <summary>Runs shell lines as root in its home, each of which must succeed; gives back what they print.</summary>
    public string Type(string lines, string? input = null)
    {
        var result = Try(lines, input);
        Assert.True(result.Ok, $"{Name}: {lines}\n{result.Output}{result.Errors}");
        return result.Output;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_container.HasExited)
        {
            _container.Kill(entireProcessTree: true);
            _container.WaitForExit(TimeSpan.FromSeconds(10));
        }

        _container.Dispose();
    }

    private ToolResult Try(string lines, string? input = null) =>
        Tool.Try(
            "nsenter",
            [
                "-t",
                Leader() ?? throw new LabException($"{Name} has no process any more", "see why it ended"),
                "-a",
                "env",
                "-i",
                "HOME=/root",
                "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
                "sh",
                "-ec",
                "cd /root; eval \"$0\"",
                lines,
            ],
            input
        );

    // The container's first process is the only child of systemd-nspawn that is not nspawn itself.
    private string? Leader()
    {
        var children = $"/proc/{_container.Id}/task/{_container.Id}/children";
        return File.Exists(children)
            ? File.ReadAllText(children)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .LastOrDefault(pid => File.Exists($"/proc/{pid}/comm") && File.ReadAllText($"/proc/{pid}/comm").Trim() == "systemd")
            : null;
    }
}
