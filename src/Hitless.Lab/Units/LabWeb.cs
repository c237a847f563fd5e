using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// The web manager beside the units of a lab. As under systemd it runs where its file of users is, so from every boot on; made by
/// <c>hitless web password</c> on one unit, a commit brings the file to the others.
/// </summary>
public static class LabWeb
{
    /// <summary>The file of users inside a unit.</summary>
    public const string SecretsInside = "/etc/hitless/web.json";

    private const string Program = "hitless-web";

    /// <summary>Makes the user, waits until every unit has the file, and starts the web manager on each.</summary>
    /// <param name="plan">The lab; its units run.</param>
    /// <param name="user">Name of the administrator.</param>
    /// <param name="password">The password.</param>
    public static void Up(LabPlan plan, string user, string password)
    {
        if (plan.Machines)
        {
            throw new LabException("the units of this lab are emulated machines", "take a lab of namespaces: hitless lab up");
        }

        var program = plan.Program(Program);
        var first = new LabUnit(plan, plan.Units.First());
        string[] asked = [plan.Program("hitless"), "web", "password", user];
        Tool.Run("ip", first.Inside([.. asked, .. HostsOf(plan)]), input: password + "\n");
        foreach (var unit in LabSite.UnitsOf(plan))
        {
            if (!File.Exists(SecretsOf(unit)))
            {
                throw new LabException($"{unit.Name} has no {SecretsInside}", "does it run? hitless status; then again");
            }

            Start(unit, program);
        }
    }

    /// <summary>Starts it on a unit that has the file and does not run it yet.</summary>
    public static void Start(LabUnit unit)
    {
        if (File.Exists(SecretsOf(unit)) && File.Exists(Path.Combine(unit.Plan.Binaries, Program)))
        {
            Start(unit, unit.Plan.Program(Program));
        }
    }

    private static void Start(LabUnit unit, string program) =>
        Tool.Run(
            "ip",
            unit.Inside(
                "sh",
                "-c",
                "log=$1; shift; setsid \"$@\" >>\"$log\" 2>&1 </dev/null & echo $!",
                "web",
                Path.Combine(unit.Folder, "web.log"),
                program
            )
        );

    // For the certificate: what each unit can be reached by.
    private static IEnumerable<string> HostsOf(LabPlan plan) =>
        ((string[])[Addresses.VirtualLan, Addresses.VirtualLan6])
            .Concat(plan.Units.SelectMany(unit => Addresses.Own("lan0", LabPlan.NumberOf(unit))).Select(address => address.Split('/')[0]))
            .SelectMany(address => (string[])["--host", address]);

    private static string SecretsOf(LabUnit unit) => Path.Combine(unit.Folder, "etc", "web.json");
}
