using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Routes;
using Hitless.Linux.Scheduling;
using Route = Hitless.Core.Forwarding.Route;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// Lets the declared routes and rules stand, and no other ones that carry their mark (<see cref="DeclaredRoute.Protocol"/>). What somebody
/// else has set is never touched. Belongs to one thread, <see cref="Problems"/> apart.
/// </summary>
public sealed class RoutingKeeper(UnitSettings settings, EventLog events)
{
    private const int SaidPerMinute = 3;
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(3);
    private readonly Route[] routes = [.. settings.Interfaces.SelectMany(port => port.Routes).Select(each => each.AsRoute())];
    private TimeSpan dueAt = TimeSpan.Zero;
    private List<string> changed = [];
    private List<string> wrong = [];
    private bool started;
    private (TimeSpan Since, int Times) said;
    private IReadOnlyList<string> problems = [];

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public TimeSpan NextDeadline => dueAt;

    /// <summary>What cannot stand, and why; from any thread.</summary>
    public IReadOnlyList<string> Problems => Volatile.Read(ref problems);

    /// <summary>The unit leaves the cluster: everything that carries the mark goes, whoever declared it.</summary>
    public static void Withdraw()
    {
        using var links = new LinkTable();
        using var table = new RouteTable();
        using var rules = new RuleTable();
        var there = links.Read();
        var linkOf = there.ToDictionary(link => link.Name, link => link.Index, StringComparer.Ordinal);
        var standing = table.Read(there.ToDictionary(link => link.Index, link => link.Name));
        foreach (var route in standing.Where(each => each.Route.Protocol == DeclaredRoute.Protocol))
        {
            _ = table.Remove(route.Route, linkOf);
        }

        foreach (var rule in rules.Read().Where(each => each.Protocol == DeclaredRoute.Protocol))
        {
            _ = rules.Remove(rule);
        }
    }

    /// <summary>Something of links, addresses, routes or rules has changed.</summary>
    public void Take(TimeSpan now) => dueAt = dueAt < now + Settle ? dueAt : now + Settle;

    /// <summary>Makes the kernel so.</summary>
    public void Tick(TimeSpan now)
    {
        if (now < dueAt)
        {
            return;
        }

        (changed, wrong) = ([], []);
        KeepRoutes();
        KeepRules();
        Say(now);
        Volatile.Write(ref problems, wrong);
        started = true;
        dueAt = wrong.Count > 0 ? MonotonicClock.Now + RetryInterval : TimeSpan.MaxValue;
    }

    private void KeepRoutes()
    {
        using var links = new LinkTable();
        using var table = new RouteTable();
        var there = links.Read();
        var linkOf = there.ToDictionary(link => link.Name, link => link.Index, StringComparer.Ordinal);
        var standing = table.Read(there.ToDictionary(link => link.Index, link => link.Name)).Select(each => each.Route).ToArray();
        var plan = DeclaredRouting.Plan(routes, standing);
        foreach (var route in plan.Remove)
        {
            Note(table.Remove(route, linkOf), $"removed the route {route}", $"the route {route} is not declared and could not be removed");
        }

        wrong.AddRange(
            plan.Blocked.Select(each =>
                $"the declared route {each.Declared} cannot stand, because another one stands in its place ({each.Standing}): "
                + "remove that one, or give one of them another metric"
            )
        );

        // An interface that is missing or down is a problem of its own, and the route comes with it.
        var up = there.Where(link => link.AdminUp).Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var route in plan.Add.Where(route => up.Contains(route.Hops[0].Interface)))
        {
            Note(table.Add(route, linkOf), $"set the route {route}", $"the declared route {route} could not be set");
        }
    }

    private void KeepRules()
    {
        using var table = new RuleTable();
        var standing = table.Read();
        var declared = settings.Rules.Select(rule => (rule.Ipv6, rule.Priority, rule.Words)).ToHashSet();
        var ours = standing.Where(rule => rule.Protocol == DeclaredRoute.Protocol);
        foreach (var rule in ours.Where(rule => !declared.Contains((rule.Ipv6, rule.Priority, rule.Words))))
        {
            var words = $"the rule {rule.Priority}: {rule.Words}";
            Note(table.Remove(rule), $"removed {words}", $"{words} is not declared and could not be removed");
        }

        var there = standing.Select(rule => (rule.Ipv6, rule.Priority, rule.Words)).ToHashSet();
        foreach (var rule in settings.Rules.Where(rule => !there.Contains((rule.Ipv6, rule.Priority, rule.Words))))
        {
            Note(table.Add(rule), $"set the rule {rule}", $"the declared rule {rule} could not be set");
        }
    }

    private void Note(NetlinkResult result, string done, string failed) =>
        (result.Succeeded ? changed : wrong).Add(result.Succeeded ? done : $"{failed}: {result}");

    /// <summary>Each problem once while it lasts; of a program that takes routes away again and again, a few times a minute.</summary>
    private void Say(TimeSpan now)
    {
        foreach (var problem in wrong.Except(problems))
        {
            events.Add(EventKinds.Unit, problem);
        }

        if (changed.Count == 0)
        {
            return;
        }

        said = now - said.Since > TimeSpan.FromMinutes(1) ? (now, 1) : (said.Since, said.Times + 1);
        if (said.Times <= SaidPerMinute)
        {
            events.Add(EventKinds.Unit, $"declared routes and rules{(started ? " are put back" : "")}: {string.Join("; ", changed)}");
        }
    }
}
