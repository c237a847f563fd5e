using Hitless.Core.Api;

namespace Hitless.Core.Forwarding;

/// <summary>
/// Whether a standby would forward as the primary does. Both states are complete, so what one has and the other has not is a difference;
/// whether that would cost traffic goes by its kind.
/// </summary>
public static class ForwardingComparison
{
    private const string MetricWord = " metric ";
    private static readonly string[] NeededSwitches = ["forward", ".forwarding", ".proxy_arp", ".proxy_ndp"];

    /// <summary>The differences, those that cost traffic first.</summary>
    /// <param name="primary">The state of the unit that carries the traffic.</param>
    /// <param name="standby">That of the unit that would.</param>
    /// <param name="ignored">Names that may differ; <c>*</c> stands for any characters.</param>
    public static IReadOnlyList<ForwardingDifference> Compare(
        ForwardingState primary,
        ForwardingState standby,
        IReadOnlyList<string> ignored
    )
    {
        var there = ByName(primary);
        var here = ByName(standby);
        var differences = new List<ForwardingDifference>();
        foreach (
            var name in there.Keys.Union(here.Keys).Where(name => !NamePattern.AnyMatches(ignored, name)).Order(StringComparer.Ordinal)
        )
        {
            var (wanted, found) = (there.GetValueOrDefault(name), here.GetValueOrDefault(name));
            if (wanted?.Value != found?.Value)
            {
                var loses = LosesTraffic(wanted, found) && !(found is null && LeadsByAnotherMetric(wanted!, there, here));
                differences.Add(new ForwardingDifference(name, wanted?.Value, found?.Value, loses));
            }
        }

        return [.. differences.OrderByDescending(each => each.LosesTraffic)];
    }

    /// <summary>One line for an operator, with what to do.</summary>
    public static string Describe(ForwardingDifference difference, string primary, string standby)
    {
        var what = (difference.Primary, difference.Standby) switch
        {
            (null, { } own) => $"{difference.Name} is on {standby} only{In(own)}",
            ({ } wanted, null) =>
                $"{difference.Name} is missing on {standby} ({primary} has it{(wanted.Length == 0 ? "" : ": " + wanted)})",
            var (wanted, own) => $"{difference.Name} differs: {own} on {standby}, {wanted} on {primary}",
        };
        return $"{what}; make it the same on both, or list it in forwarding.ignore";

        static string In(string value) => value.Length == 0 ? "" : $" ({value})";
    }

    /// <summary>Only what the standby would do worse counts: it may well be the primary that lacks something.</summary>
    private static bool LosesTraffic(ForwardingItem? wanted, ForwardingItem? found) =>
        (wanted ?? found)!.Kind switch
        {
            ForwardingKind.Route => (wanted, found) switch
            {
                (null, { } more) => !IsWay(more),
                ({ } missing, null) => IsWay(missing),
                _ => true,
            },
            ForwardingKind.Rule => found is null == !(wanted ?? found)!.Name.Contains(" action ", StringComparison.Ordinal),
            ForwardingKind.Sysctl when wanted is not null && found is not null => IsWorse(wanted, found),
            ForwardingKind.Interface when wanted is not null && found is not null => ForwardingItems.RankOf(found.Value)
                < ForwardingItems.RankOf(wanted.Value)
                || MtuOf(found.Value) < MtuOf(wanted.Value),
            ForwardingKind.Network or ForwardingKind.Address => found is null,
            ForwardingKind.Firewall => TableComparison.LosesTraffic(wanted, found),
            _ => false,
        };

    // Metrics are given by whoever set the route (NetworkManager counts them up in the order in which interfaces came): as long as the
    // same way is there, and the first that counts is the same, packets go alike.
    private static bool LeadsByAnotherMetric(
        ForwardingItem wanted,
        Dictionary<string, ForwardingItem> there,
        Dictionary<string, ForwardingItem> here
    )
    {
        if (wanted.Kind != ForwardingKind.Route)
        {
            return false;
        }

        var to = DestinationOf(wanted.Name);
        var ways = Ways(here);
        return ways.Exists(way => way.Value == wanted.Value) && Ways(there)[0].Value == ways[0].Value;

        List<ForwardingItem> Ways(Dictionary<string, ForwardingItem> state) =>
            [
                .. state
                    .Values.Where(item => item.Kind == ForwardingKind.Route && DestinationOf(item.Name) == to)
                    .OrderBy(item => MetricOf(item.Name)),
            ];
    }

    private static string DestinationOf(string name) =>
        name.LastIndexOf(MetricWord, StringComparison.Ordinal) is >= 0 and var at ? name[..at] : name;

    private static uint MetricOf(string name) =>
        name.LastIndexOf(MetricWord, StringComparison.Ordinal) is >= 0 and var at
        && uint.TryParse(name.AsSpan(at + MetricWord.Length), System.Globalization.CultureInfo.InvariantCulture, out var metric)
            ? metric
            : 0;

    // Blackhole, unreachable and the like begin with their name.
    private static bool IsWay(ForwardingItem route) =>
        route.Value.StartsWith("via ", StringComparison.Ordinal) || route.Value.StartsWith("dev ", StringComparison.Ordinal);

    private static bool IsWorse(ForwardingItem wanted, ForwardingItem found) =>
        (wanted.Name, wanted.Value, found.Value) switch
        {
            (ForwardingItems.SessionsMax, _, _) => false,
            (_, _, "1") when wanted.Name.EndsWith(".rp_filter", StringComparison.Ordinal) => true,
            (_, "0", _) when wanted.Name.EndsWith(".disable_ipv6", StringComparison.Ordinal) => true,
            (_, _, "0") => NeededSwitches.Any(end => wanted.Name.EndsWith(end, StringComparison.Ordinal)),
            // Sessions that wait longer than that between two packets end there.
            _ when wanted.Name.Contains("_timeout_", StringComparison.Ordinal) => SecondsOf(found) < SecondsOf(wanted),
            _ => false,
        };

    private static long SecondsOf(ForwardingItem item) =>
        long.TryParse(item.Value, System.Globalization.CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static int MtuOf(string value) =>
        int.TryParse(value.AsSpan(value.LastIndexOf(' ') + 1), System.Globalization.CultureInfo.InvariantCulture, out var mtu)
            ? mtu
            : int.MaxValue;

    private static Dictionary<string, ForwardingItem> ByName(ForwardingState state)
    {
        var items = new Dictionary<string, ForwardingItem>(StringComparer.Ordinal);
        foreach (var item in state.Items)
        {
            items[item.Name] = item;
        }

        return items;
    }
}
