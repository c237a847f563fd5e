using System.Text;
using Hitless.Lab.Machines;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// Two gateways that have nothing of Hitless yet: Debian 12 with systemd, ports up with own addresses, hosts on both sides.
/// </summary>
internal sealed class SystemdPair : IDisposable
{
    private const string Name = "newcomer";
    private readonly string _shared;

    private SystemdPair(SystemdMachine first, SystemdMachine second, string shared) => (First, Second, _shared) = (first, second, shared);

    public SystemdMachine First { get; }

    public SystemdMachine Second { get; }

    public static SystemdPair Boot()
    {
        var plan = new LabPlan(Name, Path.Combine(LabPlan.DefaultRoot, Name), Prerequisites.Out, 2, 1, StaticRouter: false, null, null);
        MachineStore.Prepare(LabPlan.DebianKernel, _ => { });
        Topology.Remove(Name);
        Topology.Create(plan);
        foreach (var unit in plan.Units)
        {
            Topology.AttachMissing(plan, unit);
            var lines = new StringBuilder("link set lo up\n");
            foreach (var port in plan.UnitPorts)
            {
                lines.AppendLine($"link set {port} up");
                foreach (var address in Addresses.Own(port, LabPlan.NumberOf(unit)))
                {
                    lines.AppendLine($"address add {address} dev {port}");
                }
            }

            Topology.Batch(plan.NamespaceOf(unit), lines);
            Topology.SetSysctls(plan.NamespaceOf(unit), ["net.ipv4.ip_forward=1"]);
        }

        var shared = Directory.CreateTempSubdirectory("hitless-newcomer").FullName;
        return new SystemdPair(
            SystemdMachine.Boot("gw1", MachineStore.System, plan.NamespaceOf("gw1"), shared),
            SystemdMachine.Boot("gw2", MachineStore.System, plan.NamespaceOf("gw2"), shared),
            shared
        );
    }

    /// <summary>Carries a file into root's home on both.</summary>
    public void Bring(string file)
    {
        File.Copy(file, Path.Combine(_shared, Path.GetFileName(file)));
        foreach (var machine in (SystemdMachine[])[First, Second])
        {
            machine.Type($"cp /media/{Path.GetFileName(file)} /root/");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
        Topology.Remove(Name);
        Directory.Delete(_shared, recursive: true);
    }
}
