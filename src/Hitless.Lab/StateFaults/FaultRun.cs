using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.StateFaults;

/// <summary>
/// Damages the files of a standby while it is off, one at a time, starts it, and makes it primary: does it start, does it forward, what
/// does it say, what has it lost?
/// </summary>
/// <param name="plan">Two units with small disks, an upgrade behind them, so that there is something to lose.</param>
public sealed class FaultRun(LabPlan plan)
{
    /// <summary>The one file that is there before all others.</summary>
    public const string UnitFile = "etc/unit.yaml";

    private const string KeyFile = "etc/cluster.key";
    private const string Victim = "gw2";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    // Without these an operator's own words are missing: there is nothing to start with.
    private static readonly string[] Needed = [UnitFile, KeyFile];
    private readonly LabUnit unit = new(plan, Victim);
    private readonly ClusterWatch watch = new(plan);
    private UnitKnowledge? before;
    private DamagedFile? damaged;

    /// <summary>Gives the units a history: an upgrade, and a configuration.</summary>
    public async Task PrepareAsync(string image, CancellationToken cancellation)
    {
        await watch.UntilReadyAsync(ReadyLimit, cancellation);
        var settings = Path.Combine(plan.Folder, "cluster.yaml");
        await File.WriteAllTextAsync(
            settings,
            "health: [{ name: upstream, ping: 10.10.2.10, interval: 1s, fail-after: 5 }]\n",
            cancellation
        );
        await DoAsync(cancellation, "upgrade", "start", image);
        await watch.UntilReadyAsync(ReadyLimit, cancellation);
        var starts = StartsIn(await watch.UntilReadyAsync(ReadyLimit, cancellation));
        await DoAsync(cancellation, "config", "commit", $"{ClusterFile.Path}={settings}");

        // What it says takes effect when the daemons restart, one after the other: not amid the first cell.
        for (var until = DateTimeOffset.UtcNow + ReadyLimit; ; await Task.Delay(TimeSpan.FromSeconds(1), cancellation))
        {
            if (!StartsIn(await watch.UntilReadyAsync(ReadyLimit, cancellation)).Overlaps(starts))
            {
                return;
            }

            if (DateTimeOffset.UtcNow > until)
            {
                throw new LabException("the daemons do not restart with the new cluster.yaml", "read the units' logs");
            }
        }
    }

    private static HashSet<string> StartsIn(ClusterStatus status) => [.. status.Units.Select(each => each.Incarnation)];

    /// <summary>Every file that the unit has, but for slots and what is locked, sockets and logs; one of each folder of many, and of
    /// revisions the first and the current one.</summary>
    public IReadOnlyList<string> Files() =>
        [
            .. new[] { UnitFile, KeyFile, "etc/trust.pem" },
            .. Directory
                .EnumerateFiles(unit.State, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(unit.Folder, path))
                .Where(path =>
                    !path.Contains("/slots/", StringComparison.Ordinal) && Path.GetFileName(path) is not ("boot.lock" or "ballast")
                )
                .Order(StringComparer.Ordinal)
                .GroupBy(path => Path.GetDirectoryName(path) is "state" or "state/configuration" ? path : Path.GetDirectoryName(path))
                .SelectMany(group => IsRevision(group.First()) ? [group.First(), group.Last()] : (string[])[group.Last()])
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>One cell. The file is as it was before once the next one begins.</summary>
    public async Task<FaultOutcome> RunAsync(string file, Damage damage, CancellationToken cancellation)
    {
        var other = plan.Units.First(name => name != Victim);
        if ((await watch.UntilReadyAsync(ReadyLimit, cancellation)).Primary == Victim)
        {
            await DoAsync(cancellation, "switchover", "--to", other, "--wait", "--force");
        }

        before ??= UnitKnowledge.Of(unit, await watch.UntilReadyAsync(ReadyLimit, cancellation));
        var logged = new FileInfo(unit.Log).Length;
        unit.Platform.Reset(unit);
        damaged?.PutBack();
        damaged = new DamagedFile(Path.Combine(unit.Folder, file));
        damaged.Do(damage);
        if (damage == Damage.FullDisk)
        {
            UnitDisk.Fill(unit, full: true);
        }

        UnitPower.Boot(unit);
        var (status, forwards) = await LookAsync(other, cancellation);
        var said = Said(status, logged, Path.GetFileName(file));
        var lost = status is null ? "" : UnitKnowledge.Of(unit, status).LostSince(before);
        if (damage == Damage.FullDisk)
        {
            UnitDisk.Fill(unit, full: false);
        }

        if (status is null)
        {
            // Nothing to wait for in the next cell.
            unit.Platform.Reset(unit);
            damaged.PutBack();
            damaged = null;
            UnitPower.Boot(unit);
        }

        var good = status is null ? Needed.Contains(file) && said.Length > 0 : forwards && (lost.Length == 0 || said.Length > 0);
        return new FaultOutcome(file, $"{damage}", status is not null, forwards, said, lost, good);
    }

    /// <summary>Units that have just started refuse some things for some seconds.</summary>
    private async Task DoAsync(CancellationToken cancellation, params string[] words)
    {
        var until = DateTimeOffset.UtcNow + StartLimit;
        var did = watch.Cli(Victim).Run(words);
        while (!did.Ok && DateTimeOffset.UtcNow < until)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            did = watch.Cli(Victim).Run(words);
        }

        if (!did.Ok)
        {
            throw new LabException($"hitless {string.Join(' ', words)}: {did.Errors.ReplaceLineEndings(" ")}", "read the units' logs");
        }
    }

    private async Task<(ClusterStatus? Status, bool Forwards)> LookAsync(string other, CancellationToken cancellation)
    {
        ClusterStatus? status = null;
        var until = DateTimeOffset.UtcNow + StartLimit;
        while (DateTimeOffset.UtcNow < until)
        {
            status = watch.Status(Victim, out _) ?? status;
            if (IsReady(status?.Units.FirstOrDefault(each => each.Name == Victim)))
            {
                break;
            }

            await Task.Delay(500, cancellation);
        }

        var switched = status is not null && watch.Cli(other).Run("switchover", "--to", Victim, "--wait", "--force").Ok;
        return (watch.Status(Victim, out _) ?? status, switched && Pings());
    }

    private static bool IsRevision(string path) => path.Contains("/revisions/", StringComparison.Ordinal);

    private static bool IsReady(UnitStatus? unit) => unit?.State == UnitStateWord.Ready;

    private bool Pings() =>
        Tool.Try(
            "ip",
            ["netns", "exec", plan.NamespaceOf(LabPlan.Client), "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", Addresses.Server]
        ).Ok
        && watch.Primary() == Victim;

    /// <summary>What the daemon says of the file, or of the disk: a problem, or a line of its log since it was started.</summary>
    private string Said(ClusterStatus? status, long logged, string name)
    {
        using var log = new FileStream(unit.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Position = logged;
        using var reader = new StreamReader(log);
        var lines = reader.ReadToEnd().Split('\n').Where(line => !line.Contains("lab:", StringComparison.Ordinal));
        return (status?.Problems ?? []).Concat(lines).FirstOrDefault(line => IsAbout(line, name))?.Trim() ?? "";
    }

    private static bool IsAbout(string line, string name) =>
        new[] { name, "damaged", "cannot be read", "cannot be written", "unreadable" }.Any(word =>
            line.Contains(word, StringComparison.Ordinal)
        );
}
