namespace Hitless.Core.Forwarding;

/// <summary>
/// What is to be done so that the declared routes stand. <c>Blocked</c>: those in whose place another one stands, which is left alone.
/// </summary>
public sealed record RoutePlan(
    IReadOnlyList<Route> Remove,
    IReadOnlyList<Route> Add,
    IReadOnlyList<(Route Declared, Route Standing)> Blocked
);

/// <summary>Desired state in, differences out.</summary>
public static class DeclaredRouting
{
    /// <summary>
    /// Of the routes that stand, those that carry <see cref="DeclaredRoute.Protocol"/> are declared or go; others are never touched. One
    /// that does the same as a declared one is as good.
    /// </summary>
    public static RoutePlan Plan(IReadOnlyCollection<Route> declared, IReadOnlyCollection<Route> standing)
    {
        var remove = standing.Where(route => route.Protocol == DeclaredRoute.Protocol && !declared.Contains(route)).ToArray();
        var others = standing.Where(route => route.Protocol != DeclaredRoute.Protocol).ToLookup(route => route.Key);
        List<Route> add = [];
        List<(Route, Route)> blocked = [];
        foreach (var route in declared.Where(route => !standing.Contains(route)))
        {
            var inPlace = others[route.Key].ToArray();
            if (inPlace.Length == 0)
            {
                add.Add(route);
            }
            else if (!inPlace.Any(other => other.LeadsLike(route) && (route.Source is null || route.Source.Equals(other.Source))))
            {
                blocked.Add((route, inPlace[0]));
            }
        }

        return new RoutePlan(remove, add, blocked);
    }
}
