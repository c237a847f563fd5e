using Hitless.Core.Api;

namespace Hitless.Core.Sessions;

/// <summary>
/// What becomes of a session when another unit takes the role of primary: each session that the kernel knows is in exactly one class.
/// </summary>
public enum SessionClass : byte
{
    /// <summary>It goes on at the new primary.</summary>
    Follow,

    /// <summary>Only this unit can carry it.</summary>
    Bound,

    /// <summary>The operator has left it out (<c>sessions:</c>).</summary>
    Excluded,

    /// <summary>It does not go through the gateway: it begins or ends at a unit, or is not forwarded at all.</summary>
    Local,
}

/// <summary>Why a session is in its class. The numbers stay within the unit; <see cref="SessionCauses.Id"/> names them outside.</summary>
public enum SessionCause : byte
{
    /// <summary>Nothing is in the way.</summary>
    None,

    /// <summary>Bound: its source is translated to an address that only one unit has (masquerade, snat).</summary>
    SourceAddress,

    /// <summary>Bound: it was opened to an address that only one unit has, and goes on to another host (dnat).</summary>
    DestinationAddress,

    /// <summary>Bound: on its way to another host it is taken by a program on the unit (redirect, dnat, tproxy).</summary>
    Redirected,

    /// <summary>Excluded by an expression of <c>sessions.exclude</c>.</summary>
    ExcludedByRule,

    /// <summary>Excluded by <c>sessions.pickup</c>: TCP, connectionless protocols or translated sessions are not replicated.</summary>
    ExcludedByPickup,

    /// <summary>Local: to or from an address of a unit.</summary>
    OwnAddress,

    /// <summary>
    /// Local: to or from a virtual address. It is replicated, so that the new primary answers at once, but the program at its end is
    /// another.
    /// </summary>
    VirtualAddress,

    /// <summary>Local: loopback, link-local, multicast and broadcast.</summary>
    Scope,
}

/// <summary>Class, name and words of the causes.</summary>
public static class SessionCauses
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<SessionCause> All { get; } = Enum.GetValues<SessionCause>();

    /// <summary>The class of the sessions with this cause.</summary>
    public static SessionClass ClassOf(SessionCause cause) =>
        cause switch
        {
            SessionCause.None => SessionClass.Follow,
            SessionCause.SourceAddress or SessionCause.DestinationAddress or SessionCause.Redirected => SessionClass.Bound,
            SessionCause.ExcludedByRule or SessionCause.ExcludedByPickup => SessionClass.Excluded,
            _ => SessionClass.Local,
        };

    /// <summary>The name in JSON; it never changes.</summary>
    public static SessionCauseWord Id(SessionCause cause) =>
        cause switch
        {
            SessionCause.None => SessionCauseWord.Follow,
            SessionCause.SourceAddress => SessionCauseWord.TranslatedSource,
            SessionCause.DestinationAddress => SessionCauseWord.TranslatedDestination,
            SessionCause.Redirected => SessionCauseWord.Redirected,
            SessionCause.ExcludedByRule => SessionCauseWord.ExcludedRule,
            SessionCause.ExcludedByPickup => SessionCauseWord.ExcludedPickup,
            SessionCause.OwnAddress => SessionCauseWord.OwnAddress,
            SessionCause.VirtualAddress => SessionCauseWord.VirtualAddress,
            _ => SessionCauseWord.NotForwarded,
        };

    /// <summary>The name of a class in JSON; it never changes.</summary>
    public static SessionClassWord Id(SessionClass each) =>
        each switch
        {
            SessionClass.Follow => SessionClassWord.Follow,
            SessionClass.Bound => SessionClassWord.Bound,
            SessionClass.Excluded => SessionClassWord.Excluded,
            _ => SessionClassWord.Local,
        };

    /// <summary>The cause in words that follow a number of sessions on <paramref name="unit"/>.</summary>
    public static string Text(SessionCause cause, string unit) =>
        cause switch
        {
            SessionCause.None => "follow a switch",
            SessionCause.SourceAddress => $"are translated to an own address of {unit}",
            SessionCause.DestinationAddress => $"were opened to an own address of {unit} and are forwarded by dnat",
            SessionCause.Redirected => $"are redirected to a program on {unit}",
            SessionCause.ExcludedByRule => "are left out by sessions.exclude",
            SessionCause.ExcludedByPickup => "are left out by sessions.pickup",
            SessionCause.OwnAddress => "begin or end at an own address of a unit",
            SessionCause.VirtualAddress => $"begin or end at a virtual address, in a program on {unit}",
            _ => "are link-local, multicast or broadcast and not forwarded",
        };
}
