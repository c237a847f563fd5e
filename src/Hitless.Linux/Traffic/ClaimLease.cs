using Hitless.Core.Cluster;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Native;

namespace Hitless.Linux.Traffic;

/// <summary>
/// Renews the claim of a <see cref="TrafficTable"/> that has a <see cref="ClaimFence"/>: one frame on the loopback device, which the
/// table's rules take for what it is and drop. Some microseconds, no lock, no allocation. Not for several threads at once.
/// </summary>
public sealed class ClaimLease : IDisposable
{
    // Shorter frames confuse the kernel about where their header ends (packet_alloc_skb).
    private const int FrameBytes = 64;
    private readonly byte[][] _frames = [.. Enum.GetValues<ClaimTerm>().Select(Frame)];
    private readonly PacketSocket _loopback;

    /// <exception cref="IOException">No right to send frames (CAP_NET_RAW).</exception>
    public ClaimLease()
    {
        using var links = new LinkTable();
        var loopback = links.Find("lo")!.Value.Index;
        links.SetUp(loopback);
        _loopback = new PacketSocket(loopback);
    }

    /// <summary>Lets a claim that still stands go on for <paramref name="term"/> from now. A claim that is over stays over.</summary>
    /// <returns>
    /// Whether the claim stood. The rule that renews it drops the frame, which the kernel reports to the sender as "no buffer".
    /// </returns>
    public bool Renew(ClaimTerm term) => _loopback.Send(_frames[(int)term]) == Errno.NoBuffers;

    /// <inheritdoc/>
    public void Dispose() => _loopback.Dispose();

    private static byte[] Frame(ClaimTerm term)
    {
        var frame = new byte[FrameBytes];
        ClaimRules.Renewal(term).WriteTo(frame);

        // IEEE 802's first type for local experiments: nobody takes it, were the rules not there.
        (frame[12], frame[13]) = (0x88, 0xb5);
        return frame;
    }
}
