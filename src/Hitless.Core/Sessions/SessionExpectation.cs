namespace Hitless.Core.Sessions;

/// <summary>
/// A session that a helper has announced and that has not come yet (<c>struct nf_conntrack_expect</c>): a data channel of FTP, the media of
/// a call.
/// </summary>
/// <param name="Parent">The session that announced it.</param>
/// <param name="Protocol">Protocol of the expected session.</param>
/// <param name="Tuple">What its first packet looks like…</param>
/// <param name="Mask">…and which bits of the source count.</param>
/// <param name="TimeoutSeconds">Seconds until it is given up.</param>
/// <param name="Flags">The kernel's <c>NF_CT_EXPECT_…</c>.</param>
/// <param name="Class">The helper's class of expectations.</param>
/// <param name="Direction">Direction of the parent that translation follows.</param>
/// <param name="Saved">Source before translation; default where nothing is translated.</param>
/// <param name="Helper">The parent's helper.</param>
/// <param name="Function">What the kernel calls when the session comes.</param>
public readonly record struct SessionExpectation(
    SessionKey Parent,
    byte Protocol,
    SessionTuple Tuple,
    SessionTuple Mask,
    uint TimeoutSeconds,
    uint Flags,
    uint Class,
    uint Direction,
    SessionTuple Saved,
    KernelName Helper,
    KernelName Function
)
{
    /// <summary>Translation is to follow.</summary>
    public bool HasNat => Saved != default;

    /// <summary>What identifies it; as a session's key, so that marks of a bulk hold both.</summary>
    public SessionKey Key => new(Parent.V6, (byte)(Protocol ^ 0x80), Parent.Zone, Tuple);
}
