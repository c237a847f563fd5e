using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Hitless.Bench.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sockets;

namespace Hitless.Bench.Units;

/// <summary>
/// Two namespaces with three cables between them, and two hitlessd of one folder in them, started by hand at the defaults: nothing else
/// runs there, so all that is measured is theirs.
/// </summary>
internal sealed class UnitPair : IDisposable
{
    private const int HeartbeatPort = 8417;
    private readonly string folder = Directory.CreateTempSubdirectory("hs-bench-").FullName;
    private readonly string program;
    private readonly string name;
    private readonly Process?[] units = new Process?[2];

    /// <param name="programs">The folder that holds hitlessd; empty for what starts none.</param>
    /// <param name="name">Of the namespaces.</param>
    public UnitPair(string programs, string name)
    {
        program = programs.Length == 0 ? "" : Path.Combine(Path.GetFullPath(programs), "hitlessd");
        this.name = name;
        Shell.Run(
            $$"""
            for n in {{NamespaceOf(0)}} {{NamespaceOf(1)}}; do ip netns add $n; ip -n $n link set lo up; done
            i=0; for p in hb0 lan0 wan0; do
              ip -n {{NamespaceOf(0)}} link add $p type veth peer name $p netns {{NamespaceOf(1)}}
              for n in {{NamespaceOf(0)}} {{NamespaceOf(1)}}; do ip -n $n link set $p up; done
              ip -n {{NamespaceOf(0)}} addr add 10.94.$i.1/24 dev $p; ip -n {{NamespaceOf(1)}} addr add 10.94.$i.2/24 dev $p
              i=$((i+1)); done
            """
        );
        var key = new ClusterKey(RandomNumberGenerator.GetBytes(ClusterKey.Size)).ToFileText();
        for (var unit = 0; unit < units.Length; unit++)
        {
            Directory.CreateDirectory(StateOf(unit));
            File.WriteAllText(Path.Combine(FolderOf(unit), "cluster.key"), key);
            File.WriteAllText(Path.Combine(FolderOf(unit), "unit.yaml"), Settings(unit));
        }
    }

    /// <summary>The unit's network namespace.</summary>
    public string NamespaceOf(int unit) => $"{name}-{unit + 1}";

    /// <summary>The unit's API.</summary>
    public string SocketOf(int unit) => Path.Combine(FolderOf(unit), "hitless.sock");

    /// <summary>The unit's state directory.</summary>
    public string StateOf(int unit) => Path.Combine(FolderOf(unit), "state");

    /// <summary>Starts a unit's daemon; what it says goes to a file.</summary>
    public Process Start(int unit)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec {program} --config unit.yaml --state state --socket hitless.sock 2>>log"])
        {
            WorkingDirectory = FolderOf(unit),
        };
        return units[unit] = NetworkNamespace.Run(NamespaceOf(unit), () => Process.Start(start)!);
    }

    /// <summary>A socket at a unit's end of the heartbeat link, while its daemon does not run.</summary>
    public DatagramSocket ListenAs(int unit) =>
        NetworkNamespace.Run(NamespaceOf(unit), () =>
            new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Parse($"10.94.0.{unit + 1}"), HeartbeatPort)))
        );

    /// <summary>Ends a unit's daemon as SIGTERM does.</summary>
    public void Stop(int unit)
    {
        if (units[unit] is { } running)
        {
            Shell.Run($"kill -TERM {running.Id} 2>/dev/null");
            running.WaitForExit();
            running.Dispose();
            units[unit] = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var unit = 0; unit < units.Length; unit++)
        {
            Stop(unit);
        }

        Shell.Run($"ip netns del {NamespaceOf(0)}; ip netns del {NamespaceOf(1)}");
        Directory.Delete(folder, recursive: true);
    }

    private string FolderOf(int unit) => Path.Combine(folder, $"gw{unit + 1}");

    private static string Settings(int unit) =>
        $$"""
            cluster: { name: bench, group: 7, mode: active-passive, key-file: cluster.key }
            unit: { name: gw{{unit + 1}}, priority: {{200 - (100 * unit)}}, override: false }
            heartbeat:
              links:
                - { interface: hb0, address: 10.94.0.{{unit + 1}}, peers: [10.94.0.{{2 - unit}}] }
            interfaces:
              - { name: lan0, virtual-addresses: [10.94.1.9/24, "fd00:94::9/64"], monitor: true }
              - { name: wan0, virtual-addresses: [10.94.2.9/24], monitor: true }

            """;
}
