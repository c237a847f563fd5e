using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// Writes requests about expectations. The kernel takes a helper's name there as the helper of the <em>expected</em> session
/// (<c>ctnetlink_alloc_expect</c>), although what it tells is the parent's: so it is given only where it belongs or where the class needs
/// it.
/// </summary>
internal static class ExpectationWriter
{
    private static readonly KernelName Sip = KernelName.From("sip");

    /// <summary>
    /// A request that makes the expectation, or gives one that stands its timeout anew. The parent must stand with its helper.
    /// </summary>
    public static void Create(ref NetlinkMessageWriter writer, in SessionExpectation expectation, uint sequence)
    {
        Begin(ref writer, ExpectationNew, NetlinkFlags.Create, expectation, sequence);
        ConntrackWriter.Tuple(ref writer, ExpectParent, expectation.Parent.Original, expectation.Parent);
        ConntrackWriter.Tuple(ref writer, ExpectMask, expectation.Mask, expectation.Parent with { Protocol = expectation.Protocol });
        writer.U32BigEndian(ExpectTimeout, expectation.TimeoutSeconds);
        writer.U32BigEndian(ExpectFlags, expectation.Flags);
        if (expectation.Class != 0 || expectation.Helper == Sip)
        {
            writer.U32BigEndian(ExpectClass, expectation.Class);
            ConntrackWriter.Name(ref writer, ExpectHelper, expectation.Helper);
        }

        if (!expectation.Function.IsEmpty)
            ConntrackWriter.Name(ref writer, ExpectFunction, expectation.Function);
        if (expectation.HasNat)
        {
            var nat = writer.BeginNested(ExpectNat);
            writer.U32BigEndian(ExpectNatDirection, expectation.Direction);
            ConntrackWriter.Tuple(ref writer, ExpectNatTuple, expectation.Saved, expectation.Parent);
            writer.EndNested(nat);
        }

        writer.EndMessage();
    }

    /// <summary>A request that removes it (ENOENT if there is none).</summary>
    public static void Delete(ref NetlinkMessageWriter writer, in SessionExpectation expectation, uint sequence)
    {
        Begin(ref writer, ExpectationDelete, NetlinkFlags.None, expectation, sequence);
        writer.EndMessage();
    }

    private static void Begin(
        ref NetlinkMessageWriter writer,
        ushort type,
        NetlinkFlags flags,
        in SessionExpectation expectation,
        uint sequence
    )
    {
        writer.BeginMessage(type, NetlinkFlags.Request | flags, sequence);
        writer.NetfilterHeader(expectation.Parent.V6 ? FamilyV6 : FamilyV4);
        ConntrackWriter.Tuple(ref writer, ExpectTuple, expectation.Tuple, expectation.Parent with { Protocol = expectation.Protocol });
        if (expectation.Parent.Zone != 0)
            writer.U16BigEndian(ExpectZone, expectation.Parent.Zone);
    }
}
