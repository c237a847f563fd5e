using System.Globalization;
using Hitless.Bench.Failover;
using Hitless.Lab.Commands;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Units;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;

namespace Hitless.Bench.Sessions;

/// <summary>
/// A cluster as users run it, with a full table in which sessions end and begin: what both hitlessd hold in memory over time, and whether
/// the tables are equal in the end.
/// </summary>
internal static class MemoryBench
{
    private const string Lab = "memory";
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (sessions, rate, minutes) = (Number(arguments, 0, 200_000), Number(arguments, 1, 5_000), Number(arguments, 2, 60));
        var binaries = Path.GetFullPath("out");
        var image = Images.Default(binaries, 1);
        var plan = new LabPlan(Lab, Path.Combine(LabPlan.DefaultRoot, Lab), binaries, 2, 1, false, image, Images.TrustBeside(image));
        using var pair = new HitlessPair(plan, "");
        var primary = await pair.UntilReadyAsync();
        Console.WriteLine(
            $"{Lab}: {sessions:N0} sessions of which {rate:N0} a second end and begin for {minutes} min; {primary} carries them"
        );
        Console.WriteLine("| minute | resident, primary | resident, standby |");
        Console.WriteLine("| --- | --- | --- |");
        Tell(plan, primary, TimeSpan.Zero);
        NetworkNamespace.Run(plan.NamespaceOf(primary), () =>
        {
            using var table = new ConntrackTable();
            MadeSessions.Fill(table, 0, sessions);
            Thread.Sleep(Settle);
            Tell(plan, primary, TimeSpan.Zero);
            MadeSessions.Churn(table, sessions, rate, TimeSpan.FromMinutes(minutes), elapsed => Tell(plan, primary, elapsed));
            return 0;
        });
        Thread.Sleep(Settle);
        var difference = new HitlessCli(new LabUnit(plan, primary)).Run("sessions", "diff");
        Console.WriteLine(difference.Output.TrimEnd());
        return difference.ExitCode;
    }

    private static void Tell(LabPlan plan, string primary, TimeSpan elapsed)
    {
        var standby = plan.Units.First(unit => unit != primary);
        Console.WriteLine($"| {elapsed.TotalMinutes:N0} | {Resident(plan, primary)} | {Resident(plan, standby)} |");
    }

    private static string Resident(LabPlan plan, string unit)
    {
        var daemon = Namespaces.Processes(plan.NamespaceOf(unit)).Single(pid => File.ReadAllText($"/proc/{pid}/comm").Trim() == "hitlessd");
        return string.Create(CultureInfo.InvariantCulture, $"{ReplicationPeer.MemoryMb(daemon):N1} MB");
    }

    private static int Number(string[] arguments, int index, int otherwise) =>
        arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
}
