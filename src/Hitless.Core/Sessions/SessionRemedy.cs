using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>An own address of a unit, where it is, and the virtual addresses of that interface.</summary>
/// <param name="Address">The address.</param>
/// <param name="Interface">The name of its interface.</param>
/// <param name="Virtual">The virtual addresses of the interface, of either family.</param>
public sealed record OwnAddress(IPAddress Address, string Interface, IReadOnlyList<IPAddress> Virtual);

/// <summary>A managed file, for the rules in it.</summary>
public sealed record ManagedText(string Path, string Text);

/// <summary>What to write instead, so that sessions follow: from some of the sessions that do not.</summary>
public static class SessionRemedy
{
    private const int PlacesMax = 3;

    /// <summary>The remedy for sessions of one cause; null: there is none but to expect it.</summary>
    /// <param name="cause">Why they do not follow.</param>
    /// <param name="samples">Some of the sessions.</param>
    /// <param name="own">The own addresses of the unit that has them.</param>
    /// <param name="files">The managed files.</param>
    public static string? For(
        SessionCause cause,
        IReadOnlyList<SessionRecord> samples,
        IReadOnlyList<OwnAddress> own,
        IReadOnlyList<ManagedText> files
    ) =>
        cause switch
        {
            SessionCause.SourceAddress => Joined(samples.Select(each => each.Reply.Destination), samples, own, address =>
                Source(address, files)
            ),
            SessionCause.DestinationAddress => Joined(samples.Select(each => each.Key.Original.Destination), samples, own, Destination),
            SessionCause.Redirected =>
                "no program's connections can be handed over: expect them to be opened again, or let them pass without redirect or tproxy",
            SessionCause.ExcludedByRule => "take them out of sessions.exclude if they are to follow",
            SessionCause.ExcludedByPickup => "turn the kind on in sessions.pickup if they are to follow",
            SessionCause.VirtualAddress => "they end at the gateway itself: expect them to be opened again at the new primary",
            _ => null,
        };

    private static string? Joined(
        IEnumerable<UInt128> numbers,
        IReadOnlyList<SessionRecord> samples,
        IReadOnlyList<OwnAddress> own,
        Func<OwnAddress, string> remedy
    )
    {
        var addresses = numbers
            .Zip(samples, (number, sample) => SessionTuple.Address(number, sample.Key.V6))
            .Distinct()
            .OrderBy(SessionTuple.IsV6);
        var texts = addresses
            .Select(address => own.FirstOrDefault(each => each.Address.Equals(address)))
            .OfType<OwnAddress>()
            .Select(remedy)
            .Distinct()
            .ToArray();
        return texts.Length > 0 ? string.Join("; ", texts) : null;
    }

    private static string Source(OwnAddress own, IReadOnlyList<ManagedText> files)
    {
        var family = SessionTuple.IsV6(own.Address) ? "ip6" : "ip";
        var masquerades = Places(files, text => NatRules.Masquerades(text, own.Interface));
        var literal = Places(files, text => NatRules.SourcesTo(text, own.Address));
        var instead = (masquerades.Count, literal.Count) switch
        {
            (0, > 0) => $"\"snat {family} to {own.Address}\" ({Named(literal)})",
            (> 0, 0) => $"\"masquerade\" ({Named(masquerades)})",
            (> 0, > 0) => $"\"masquerade\" or \"snat {family} to {own.Address}\" ({Named([.. masquerades, .. literal])})",
            _ => $"\"masquerade\" or \"snat {family} to {own.Address}\", which no managed file has, for what leaves by {own.Interface}",
        };
        return SameFamily(own) is { } shared
            ? $"write \"snat {family} to {shared}\" instead of {instead}"
            : $"give {own.Interface} a virtual address (interfaces: virtual-addresses) and write \"snat {family} to\" it instead of "
                + $"{instead}";
    }

    private static string Destination(OwnAddress own)
    {
        var family = SessionTuple.IsV6(own.Address) ? "ip6" : "ip";
        return SameFamily(own) is { } shared
            ? $"let clients connect to {shared} instead of {own.Address}, and write \"{family} daddr {shared}\" in the dnat rule"
            : $"give {own.Interface} a virtual address (interfaces: virtual-addresses), and let clients connect to it instead of "
                + $"{own.Address}";
    }

    private static IPAddress? SameFamily(OwnAddress own) =>
        own.Virtual.FirstOrDefault(each => SessionTuple.IsV6(each) == SessionTuple.IsV6(own.Address));

    private static List<string> Places(IReadOnlyList<ManagedText> files, Func<string, IReadOnlyList<int>> lines) =>
        [.. files.SelectMany(file => lines(file.Text).Select(line => $"{file.Path}:{line}"))];

    private static string Named(List<string> places) =>
        string.Join(", ", places.Take(PlacesMax)) + (places.Count > PlacesMax ? $" and {places.Count - PlacesMax} more" : "");
}
