using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Units.Machines;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>
/// Gateways that have nothing of Hitless yet: Debian 12 with systemd, ports up with own addresses, hosts on both sides.
/// </summary>
internal sealed class SystemdSite : IDisposable
{
    private const string Newcomer = "newcomer";
    private readonly string _shared;
    private readonly List<SystemdMachine> _machines = [];

    private SystemdSite(LabPlan plan, string shared) => (Plan, _shared) = (plan, shared);

    /// <summary>The networks and the hosts.</summary>
    public LabPlan Plan { get; }

    /// <summary>A machine by its place: gw1 is the first.</summary>
    public SystemdMachine this[int index] => _machines[index];

    /// <summary>Boots the machines of a site; sites of other names have networks of their own.</summary>
    public static SystemdSite Boot(int units = 2, string name = Newcomer)
    {
        var plan = new LabPlan(name, Path.Combine(LabPlan.DefaultRoot, name), Prerequisites.Out, units, 1, StaticRouter: false, null, null);
        MachineStore.Prepare(LabPlan.DebianKernel, _ => { });
        Topology.Remove(name);
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

        var site = new SystemdSite(plan, Directory.CreateTempSubdirectory("hitless-newcomer").FullName);
        try
        {
            foreach (var unit in plan.Units)
            {
                site._machines.Add(SystemdMachine.Boot(unit, MachineStore.System, plan.NamespaceOf(unit), site._shared));
            }

            return site;
        }
        catch
        {
            site.Dispose();
            throw;
        }
    }

    /// <summary>Carries a file into root's home on all.</summary>
    public void Bring(string file)
    {
        File.Copy(file, Path.Combine(_shared, Path.GetFileName(file)));
        foreach (var machine in _machines)
        {
            machine.Type($"cp /media/{Path.GetFileName(file)} /root/");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _machines.ForEach(machine => machine.Dispose());
        Topology.Remove(Plan.Name);
        Directory.Delete(_shared, recursive: true);
    }
}
