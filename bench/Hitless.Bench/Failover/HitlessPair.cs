using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Units;

namespace Hitless.Bench.Failover;

/// <summary>Hitless on both units, as <c>hitless lab up</c> makes it, with more lines in the <c>heartbeat:</c> section.</summary>
internal sealed class HitlessPair : IGatewayPair
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ClusterWatch watch;

    public HitlessPair(LabPlan plan, string heartbeat)
    {
        Plan = plan;
        watch = new ClusterWatch(plan);
        LabSite.Up(plan);
        if (heartbeat.Length == 0)
        {
            return;
        }

        foreach (var unit in LabSite.UnitsOf(plan))
        {
            var file = Path.Combine(unit.Folder, "etc", "unit.yaml");
            File.WriteAllText(file, File.ReadAllText(file).Replace("heartbeat:\n", $"heartbeat:\n{heartbeat}", StringComparison.Ordinal));
            UnitPower.Restart(unit);
        }
    }

    public LabPlan Plan { get; }

    public async Task<string> UntilReadyAsync() => (await watch.UntilReadyAsync(Patience)).Primary!;

    public Task SwitchAsync(string primary) => Task.Run(() => watch.Cli(primary).Run("switchover", "--wait"));

    public void PowerOff(string unit) => Faults.PowerOff(new LabUnit(Plan, unit));

    public void PowerOn(string unit) => Faults.PowerOn(new LabUnit(Plan, unit));

    public void KillDaemon(string unit) => Faults.Kill(new LabUnit(Plan, unit));

    public bool IsBack(string unit) => watch.Status(unit, out _)?.Health == ClusterCondition.Ok;

    public string Reign() => watch.Status() is { } status ? $"{status.Primary} in epoch {status.Epoch}" : "nobody";

    public string Margin() =>
        string.Join(
            ", ",
            watch
                .Status()
                ?.Units.Where(unit => unit.Heartbeat is not null)
                .Select(unit => $"{unit.Name} waited {unit.Heartbeat!.LongestSilenceMs:F0} of {unit.Heartbeat.LimitMs:F0} ms at most")
                ?? []
        );

    public void Dispose() => LabSite.Down(Path.GetDirectoryName(Plan.Folder)!, Plan.Name);
}
