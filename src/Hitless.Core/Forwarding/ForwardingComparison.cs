using Hitless.Core.Api;

namespace Hitless.Core.Forwarding;

/// <summary>
/// Whether a standby would forward as the primary does. Both states are complete, so what one has and the other has not is a difference; whether that would cost traffic goes by its kind.
/// </summary>
public static class ForwardingComparison
{
    /// <summary>The differences, those that cost traffic first.</summary>
    /// <param name="primary">The state of the unit that carries the traffic.</param>
    /// <param name="standby">That of the unit that would.</param>
    /// <param name="ignored">Names that may differ; <c>*</c> stands for any characters.</param>
    public static IReadOnlyList<ForwardingDifference> Compare(ForwardingState primary, ForwardingState standby, IReadOnlyList<string> ignored)
    {
        var there = ByName(primary);
        var here = ByName(standby);
        var differences = new List<ForwardingDifference>();
        foreach (var name in there.Keys.Union(here.Keys).Where(name => !ignored.Any(pattern => Matches(pattern, name))).Order(StringComparer.Ordinal))
        {
            var (wanted, found) = (there.GetValueOrDefault(name), here.GetValueOrDefault(name));
            if (wanted?.Value != found?.Value)
            {
                differences.Add(new ForwardingDifference(name, wanted?.Value, found?.Value, LosesTraffic(wanted, found)));
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
            ({ } wanted, null) => $"{difference.Name} is missing on {standby} ({primary} has it{(wanted.Length == 0 ? "" : ": " + wanted)})",
            var (wanted, own) => $"{difference.Name} differs: {own} on {standby}, {wanted} on {primary}",
        };
        return $"{what}; make it the same on both, or list it in forwarding.ignore";

        static string In(string value) => value.Length == 0 ? "" : $" ({value})";
    }

    private static bool LosesTraffic(ForwardingItem? wanted, ForwardingItem? found) => (wanted ?? found)!.Kind switch
    {
        // Another way, or one more: where it leads, the primary's traffic does not go.
        ForwardingKind.Route or ForwardingKind.Rule or ForwardingKind.Interface => true,
        ForwardingKind.Sysctl => (wanted ?? found)!.Name is not ForwardingItems.SessionsMax,
        ForwardingKind.Network or ForwardingKind.Address => found is null,
        ForwardingKind.Firewall => found is null || (wanted is not null && (found.Value == ForwardingItems.Empty || HooksOf(found.Value) != HooksOf(wanted.Value))),
        _ => false,
    };

    // A ban list adds rules on one unit alone; chains that see packets are nobody's daily business.
    private static string HooksOf(string value) => value[(value.LastIndexOf(' ', Math.Max(value.LastIndexOf(' ') - 1, 0)) + 1)..];

    private static Dictionary<string, ForwardingItem> ByName(ForwardingState state)
    {
        var items = new Dictionary<string, ForwardingItem>(StringComparer.Ordinal);
        foreach (var item in state.Items)
        {
            items[item.Name] = item;
        }

        return items;
    }

    private static bool Matches(string pattern, string name)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return pattern == name;
        }

        if (!name.StartsWith(parts[0], StringComparison.Ordinal) || !name.EndsWith(parts[^1], StringComparison.Ordinal) || name.Length < parts[0].Length + parts[^1].Length)
        {
            return false;
        }

        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            at = name.IndexOf(part, at, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            at += part.Length;
        }

        return at <= name.Length - parts[^1].Length;
    }
}
