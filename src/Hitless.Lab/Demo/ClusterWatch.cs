using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Demo;

/// <summary>Looks at a lab's cluster through the CLI, and waits until it looks as it should.</summary>
public sealed class ClusterWatch(LabPlan plan)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(300);

    /// <summary>The CLI of one unit.</summary>
    public HitlessCli Cli(string unit) => new(new LabUnit(plan, unit));

    /// <summary>What a unit says of the cluster; null when it does not answer.</summary>
    public ClusterStatus? Status(string unit, out string why) => Cli(unit).Ask<ClusterStatus>(out why, "status");

    /// <summary>What the first unit that answers says.</summary>
    public ClusterStatus? Status() => plan.Units.Select(unit => Status(unit, out _)).FirstOrDefault(status => status is not null);

    /// <summary>The primary that every answering unit agrees on, or null.</summary>
    public string? Primary()
    {
        var named = plan.Units.Select(unit => Status(unit, out _)?.Primary).OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
        return named.Length == 1 ? named[0] : null;
    }

    /// <summary>Waits until every unit answers, all name one primary, and all units are ready.</summary>
    public Task<ClusterStatus> UntilReadyAsync(TimeSpan limit, CancellationToken cancellation = default) =>
        UntilAsync("all units are ready", limit, WhyNotReady, cancellation);

    /// <summary>
    /// Waits until <paramref name="whyNot"/> finds nothing to complain about (null) in what each unit says; a unit that does not answer
    /// gives a null status.
    /// </summary>
    public async Task<ClusterStatus> UntilAsync(
        string goal,
        TimeSpan limit,
        Func<IReadOnlyDictionary<string, ClusterStatus?>, string?> whyNot,
        CancellationToken cancellation = default
    )
    {
        var until = DateTimeOffset.UtcNow + limit;
        while (true)
        {
            var reasons = new List<string>();
            var seen = plan.Units.ToDictionary(
                unit => unit,
                unit =>
                {
                    var status = Status(unit, out var why);
                    if (status is null)
                    {
                        reasons.Add($"{unit}: {why}");
                    }

                    return status;
                },
                StringComparer.Ordinal
            );
            // Where nobody answers, nothing is reached.
            var some = seen.Values.FirstOrDefault(status => status is not null);
            var complaint = some is null ? "no unit answers" : whyNot(seen);
            if (some is not null && complaint is null)
            {
                return some;
            }

            if (DateTimeOffset.UtcNow > until)
            {
                throw new LabException(
                    $"waited {limit.TotalSeconds} s until {goal}: {complaint} {string.Join("; ", reasons)}",
                    $"read {string.Join(" and ", plan.Units.Select(unit => new LabUnit(plan, unit).Log))}"
                );
            }

            await Task.Delay(Between, cancellation);
        }
    }

    /// <summary>Why the cluster is not whole, healthy and agreed; null when it is.</summary>
    public static string? WhyNotReady(IReadOnlyDictionary<string, ClusterStatus?> seen)
    {
        foreach (var (name, status) in seen)
        {
            if (status is null)
            {
                return $"{name} does not answer.";
            }

            if (status.Units.FirstOrDefault(unit => unit.State != UnitStateWord.Ready) is { } late)
            {
                return $"{name} says that {late.Name} is {late.State} ({late.Reason}).";
            }

            if (status.Units.FirstOrDefault(unit => unit.Slot.Length == 0) is { } unknown)
            {
                return $"{name} does not know yet what {unknown.Name} runs.";
            }

            if (status.Units.Count != seen.Count || status.Primary is null)
            {
                return $"{name} sees {status.Units.Count} units, primary {status.Primary ?? "none"}.";
            }
        }

        return seen.Values.Select(status => (status!.Primary, status.Epoch)).Distinct().Count() == 1
            ? null
            : "the units do not agree who is primary.";
    }
}
