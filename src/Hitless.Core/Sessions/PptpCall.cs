namespace Hitless.Core.Sessions;

/// <summary>
/// The data of a PPTP call: GRE of version 1 (RFC 2637 section 4), whose packets name only the call id of whoever receives them. The
/// sender's the kernel takes from a map that its helper fills when it reads the call being agreed (<c>nf_ct_gre_keymap_add</c>) and that
/// nothing else can fill: for a unit that takes over, no packet belongs to the replicated entry. What its kernel sees are packets of source
/// key 0, a session for each direction; and those can be expected, by the control connection, as long as that lasts.
/// </summary>
public static class PptpCall
{
    /// <summary>A week: the expectations end with the control connection.</summary>
    private const uint TimeoutSeconds = 7 * 24 * 3600;

    // NF_CT_EXPECT_PERMANENT: an idle direction's entry ends after half a minute, and the next packet makes another.
    private const uint FlagPermanent = 1;
    private static readonly KernelName Pptp = KernelName.From("pptp");

    /// <summary>
    /// Whether the session is the data of a call (the only GRE that is expected by a TCP connection) that can go on elsewhere.
    /// </summary>
    public static bool IsData(in SessionRecord record) =>
        record.Key.Protocol == Protocols.Gre && record.Parent.Protocol == Protocols.Tcp && !record.HasNat;

    /// <summary>
    /// What the helper that read the call being agreed expected, as far as its data still tell: one for each direction that they know a key
    /// of.
    /// </summary>
    public static IEnumerable<SessionExpectation> Expectations(SessionRecord data) =>
        ((SessionTuple[])[data.Key.Original, data.Reply]).Where(each => each.DestinationPort != 0).Select(each => Expectation(data, each));

    /// <summary>An expectation of a call's data as a kernel can meet it that did not read the call being agreed.</summary>
    public static SessionExpectation WithoutMap(in SessionExpectation told) =>
        told with
        {
            Tuple = told.Tuple with { SourcePort = 0 },
            TimeoutSeconds = TimeoutSeconds,
            Flags = FlagPermanent,
        };

    private static SessionExpectation Expectation(in SessionRecord data, in SessionTuple seen)
    {
        UInt128 address = data.Key.V6 ? UInt128.MaxValue : uint.MaxValue;
        var parent = new SessionKey(data.Key.V6, data.Parent.Protocol, data.Key.Zone, data.Parent.Original);
        var mask = new SessionTuple(address, address, ushort.MaxValue, ushort.MaxValue);
        return new SessionExpectation(
            parent,
            Protocols.Gre,
            seen,
            mask,
            TimeoutSeconds,
            FlagPermanent,
            Class: 0,
            Direction: 0,
            Saved: default,
            Pptp,
            Function: default
        );
    }
}
