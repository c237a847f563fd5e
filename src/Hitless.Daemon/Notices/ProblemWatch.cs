using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Notices;

/// <summary>Makes an event of each problem of <c>status</c> that is raised or cleared, where somebody is told of events.</summary>
public static class ProblemWatch
{
    /// <summary>How often it looks.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Looks until <paramref name="cancel"/>. What stands for one look only is not told.</summary>
    public static async Task RunAsync(
        Func<CancellationToken, Task<IReadOnlyList<string>>> read,
        EventLog events,
        TimeSpan interval,
        CancellationToken cancel
    )
    {
        IReadOnlyList<string> told = [],
            before = [];
        using var timer = new PeriodicTimer(interval);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            var now = await read(cancel);
            foreach (var raised in now.Intersect(before, StringComparer.Ordinal).Except(told, StringComparer.Ordinal))
            {
                events.Add(EventKinds.Problem, raised);
            }

            foreach (var cleared in told.Except(now, StringComparer.Ordinal).Except(before, StringComparer.Ordinal))
            {
                events.Add(EventKinds.Problem, $"no longer: {cleared}");
            }

            told = [.. told.Where(each => now.Contains(each) || before.Contains(each)), .. now.Intersect(before).Except(told)];
            before = now;
        }
    }
}
