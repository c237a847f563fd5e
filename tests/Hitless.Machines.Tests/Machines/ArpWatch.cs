using System.Diagnostics;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Machines.Tests.Machines;

/// <summary>
/// Listens on the switch to what a unit says on its data interfaces of the virtual addresses (ARP answers, neighbour advertisements), while
/// the hosts ask for them ten times a second.
/// </summary>
internal sealed class ArpWatch : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly List<Task<string>> _captures = [];

    public ArpWatch(LabPlan plan, string unit)
    {
        var inSwitch = plan.NamespaceOf(LabPlan.Switch);
        foreach (
            var (port, address, address6) in ((string, string, string)[])
                [("lan0", Addresses.VirtualLan, Addresses.VirtualLan6), ("wan0", Addresses.VirtualWan, Addresses.VirtualWan6)]
        )
        {
            // The tap is the switch's end: what comes in there, the machine has sent. RFC 826: operation 2 is an answer; RFC 4861: 136.
            var filter = $"(arp[6:2] = 2 and arp src host {address}) or (icmp6[0] = 136 and ip6 src host {address6})";
            var capture = Tool.Start(
                "ip",
                ["netns", "exec", inSwitch, "tcpdump", "-nlq", "-Q", "in", "-i", LabPlan.SwitchPort(port, unit), filter],
                redirectInput: false
            );
            _captures.Add(capture.StandardOutput.ReadToEndAsync());
            _processes.Add(capture);
        }

        foreach (
            var (host, address) in ((string, string)[])[(LabPlan.Client, Addresses.VirtualLan), (LabPlan.Server, Addresses.VirtualWan)]
        )
        {
            _processes.Add(
                Tool.Start(
                    "ip",
                    ["netns", "exec", plan.NamespaceOf(host), "arping", "-q", "-W", "0.1", "-i", "eth0", address],
                    redirectInput: false
                )
            );
        }
    }

    /// <summary>Ends the watch; what was heard, a line for each frame.</summary>
    public IReadOnlyList<string> Answers()
    {
        End();
        return [.. _captures.SelectMany(capture => capture.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        _processes.ForEach(process => process.Dispose());
    }

    private void End()
    {
        foreach (var process in _processes.Where(process => !process.HasExited))
        {
            // tcpdump says what it has on SIGINT.
            Namespaces.Signal([process.Id], "INT");
            if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                process.Kill();
            }
        }
    }
}
