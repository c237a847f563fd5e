using Hitless.Core.Cluster;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;
using static Hitless.Linux.Nftables.NftConstants;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The nftables table (family netdev) that makes a unit muted, claimed or draining on its ports, in the network namespace of the
/// thread that made this object. Each state's transaction is encoded beforehand: <see cref="Apply"/> is one system call, allocates nothing, and packets see
/// either the old state or the new one. The table outlives the process, and a successor reads from it where the unit stood.
/// While this object lives nobody else can change the table: <c>nft flush ruleset</c>, with which many rule files begin, passes it by. (Before kernel 6.9
/// it does not, see <see cref="Protected"/>: whoever reloads rules there must apply the state again.)
/// Not for several threads at once.
/// </summary>
public sealed class TrafficTable : IDisposable
{
    public const string DefaultName = "hitless";

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Netfilter);
    private readonly LinkTable _links = new();
    private readonly IReadOnlyList<TrafficPort> _ports;
    private readonly ClaimFence? _fence;
    private readonly string _name;
    private readonly byte[][] _batches;
    private bool _partly;
    private NftTableFlags _flags = NftTableFlags.Owner | NftTableFlags.Persist;

    public TrafficTable(IReadOnlyList<TrafficPort> ports, ClaimFence? fence = null, string name = DefaultName)
    {
        _ports = ports;
        _fence = fence;
        _name = name;
        _batches = new byte[Enum.GetValues<TrafficState>().Length][];
        Encode(ports, fence);
    }

    /// <summary>Ports that did not exist when the kernel last refused a transaction because of it; new kernels (6.16) take absent ports and bind to them when they come.</summary>
    public IReadOnlyList<string> MissingPorts { get; private set; } = [];

    /// <summary>False if the kernel is too old to keep others from flushing the table (known after the first <see cref="Apply"/>).</summary>
    public bool Protected => _flags != NftTableFlags.None;

    /// <summary>
    /// Brings the unit into a state, whatever stood before; repeating it repairs. Where the kernel refuses a port that is
    /// absent, the others are done and <see cref="MissingPorts"/> names it: apply again once it is there.
    /// </summary>
    public NetlinkResult Apply(TrafficState state)
    {
        if (_partly)
        {
            EncodePresent();
        }

        var result = _netlink.Execute(_batches[(int)state]);
        if (result.Errno is Errno.NotSupported or Errno.InvalidArgument && Protected)
        {
            _flags = NftTableFlags.None;
            Encode(_ports, _fence);
            result = _netlink.Execute(_batches[(int)state]);
        }

        if (result.Errno is Errno.NoEntry or Errno.NoDevice)
        {
            EncodePresent();
            result = _netlink.Execute(_batches[(int)state]);
        }

        return result;
    }

    /// <summary>
    /// The state that the kernel's table stands for, or null if there is no such table or it has not a chain in each direction for each port. A claim that is over
    /// (<see cref="ClaimFence"/>) reads as muted, which is what it is.
    /// Says nothing about the addresses in it: apply the state once more after adopting it.
    /// </summary>
    public TrafficState? Read()
    {
        var reading = new Reading { Table = _name };
        Span<byte> request = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(NetlinkMessageType.Netfilter(Subsystem, GetTable), NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.NetfilterHeader(FamilyNetdev);
        writer.String(TableName, _name);
        writer.EndMessage();
        var table = _netlink.Query(writer.Written, ref reading, ReadTable);
        if (!table.Succeeded || reading.State is null)
        {
            return null;
        }

        writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(NetlinkMessageType.Netfilter(Subsystem, GetChain), NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.NetfilterHeader(FamilyNetdev);
        writer.EndMessage();
        var chains = _netlink.Query(writer.Written, ref reading, ReadChain);
        if (!chains.Succeeded || reading.Chains < 2 * (_ports.Count - MissingPorts.Count))
        {
            return null;
        }

        return reading.State == TrafficState.Claimed && _fence is not null && !ClaimStands() ? TrafficState.Muted : reading.State;
    }

    /// <summary>Takes the table away: the ports behave as if Hitless had never been there.</summary>
    public NetlinkResult Remove()
    {
        var batch = new NftBatchWriter(new byte[1024], _name);
        batch.Begin();
        batch.DeleteTable(acknowledge: true);
        batch.Commit(tableStays: false);
        return _netlink.Execute(batch.Written);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _netlink.Dispose();
    }

    /// <summary>The ports (one bit each, by the last byte of their virtual MACs) whose virtual MAC somebody else has sent from within the last seconds, while this unit was claimed.</summary>
    public ulong PortsWithForeignSpeaker()
    {
        var heard = 0UL;
        foreach (var port in _ports)
        {
            heard |= Stands(TrafficRules.SpeakerSet, TrafficRules.SpeakerKey(port)) ? 1UL << (int)(port.VirtualMac.Bits & 0x3f) : 0;
        }

        return heard;
    }

    /// <summary>False once the claim was not renewed in time.</summary>
    private bool ClaimStands() => Stands(ClaimRules.ClaimSet, ClaimRules.ClaimKey);

    private bool Stands(string set, uint wanted)
    {
        Span<byte> request = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(NetlinkMessageType.Netfilter(Subsystem, GetSetElement), NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.NetfilterHeader(FamilyNetdev);
        writer.String(1, _name);
        writer.String(2, set);
        var list = writer.BeginNested(3);
        var element = writer.BeginNested(1);
        var key = writer.BeginNested(1);
        writer.U32(1, wanted);
        writer.EndNested(key);
        writer.EndNested(element);
        writer.EndNested(list);
        writer.EndMessage();
        var nothing = 0;
        return _netlink.Query(writer.Written, ref nothing, static (NetlinkMessage _, ref int _) => { }).Succeeded;
    }

    private static void ReadTable(NetlinkMessage message, ref Reading reading)
    {
        var attributes = message.Attributes(4);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type != TableUserData || attribute.Value is not [UserDataComment, _, .. var comment, 0])
            {
                continue;
            }

            foreach (var state in Enum.GetValues<TrafficState>())
            {
                reading.State = comment.SequenceEqual(TrafficRules.Comment(state)) ? state : reading.State;
            }
        }
    }

    private static void ReadChain(NetlinkMessage message, ref Reading reading)
    {
        var attributes = message.Attributes(4);
        var ours = false;
        while (attributes.TryRead(out var attribute))
        {
            ours |= attribute.Type == ChainTable && attribute.Text == reading.Table;
            reading.Chains += ours && attribute.Type == ChainHook ? 1 : 0;
        }
    }

    private void EncodePresent()
    {
        var present = _links.Read().Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        MissingPorts = [.. _ports.Select(port => port.Name).Where(name => !present.Contains(name))];
        _partly = MissingPorts.Count > 0 || (_fence is not null && !_fence.HeartbeatInterfaces.All(present.Contains));
        Encode(
            [.. _ports.Where(port => present.Contains(port.Name))],
            _fence is null ? null : _fence with { HeartbeatInterfaces = [.. _fence.HeartbeatInterfaces.Where(present.Contains)] });
    }

    private void Encode(IReadOnlyList<TrafficPort> ports, ClaimFence? fence)
    {
        foreach (var state in Enum.GetValues<TrafficState>())
        {
            _batches[(int)state] = TrafficRules.Encode(_name, _flags, state, ports, fence);
        }
    }

    private struct Reading
    {
        internal string Table;
        internal TrafficState? State;
        internal int Chains;
    }
}
