using Hitless.Core.Cluster;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;
using static Hitless.Linux.Nftables.NftConstants;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The nftables table (family netdev) that makes a unit muted, claimed or draining on its ports, in the network namespace of the
/// thread that made this object. Each state's transaction is encoded beforehand: <see cref="Apply"/> is one system call, allocates nothing,
/// and packets see
/// either the old state or the new one. The table outlives the process, and a successor reads from it where the unit stood.
/// While this object lives nobody else can change the rules: <c>nft flush ruleset</c>, with which many rule files begin, passes by a table
/// that has an owner. Before kernel 6.9 such a table goes
/// with its owner; there the rules stand twice, in one transaction: in a table of this object's, and in one that outlives it and that
/// anybody can flush (<see cref="IsWhole"/>: then
/// <see cref="Apply"/> puts it back, and packets see no difference meanwhile; docs/decisions/0040).
/// Not for several threads at once.
/// </summary>
public sealed class TrafficTable : IDisposable
{
    public const string DefaultName = "hitless";

    /// <summary>The environment variable with the version of a kernel that this one is to be taken for (tests).</summary>
    public const string KernelVariable = "HITLESS_KERNEL";

    private static readonly Version PersistSince = new(6, 9);

    private const int OwnerTriesMax = 20;
    private static readonly TimeSpan OwnerWait = TimeSpan.FromMilliseconds(1);

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Netfilter);
    private readonly LinkTable _links = new();
    private readonly IReadOnlyList<TrafficPort> _ports;
    private readonly ClaimFence? _fence;
    private readonly string _name;
    private readonly byte[][] _batches;
    private readonly int[] _rules = new int[Enum.GetValues<TrafficState>().Length];
    private bool _partly;
    private readonly byte[] _boot;
    private bool _persists;
    private bool _applied;

    /// <param name="ports">The interfaces with their virtual MACs and addresses.</param>
    /// <param name="fence">How a claim ends by itself; null: it does not.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="persists">False: as if the kernel were older than 6.9, for tests; otherwise <see cref="Apply"/> finds out.</param>
    public TrafficTable(IReadOnlyList<TrafficPort> ports, ClaimFence? fence = null, string name = DefaultName, bool persists = true)
    {
        _persists =
            persists && !(Version.TryParse(Environment.GetEnvironmentVariable(KernelVariable), out var kernel) && kernel < PersistSince);
        _boot = BootId();
        _ports = ports;
        _fence = fence;
        _name = name;
        _batches = new byte[Enum.GetValues<TrafficState>().Length][];
        Encode(ports, fence);
    }

    /// <summary>
    /// Ports that did not exist when the kernel last refused a transaction because of it; new kernels (6.16) take absent ports and bind to
    /// them when they come.
    /// </summary>
    public IReadOnlyList<string> MissingPorts { get; private set; } = [];

    /// <summary>
    /// The kernel can keep a table both from others and beyond its owner's end (6.9); else the rules stand twice. Known after the first
    /// <see cref="Apply"/>.
    /// </summary>
    public bool Persists => _persists;

    /// <summary>The table that outlives this process stands, with all its rules.</summary>
    public bool IsWhole => ReadComment(_name) is { } state && (!_applied || CountRules(_name) == _rules[(int)state]);

    private string LiveName => $"{_name}-live";

    // Whose rules decide what a packet meets: where there are two, the one that nobody can flush.
    private string Standing => _applied && !_persists ? LiveName : _name;

    private IReadOnlyList<TrafficTableCopy> Copies =>
        _persists
            ? [new(_name, NftTableFlags.Owner | NftTableFlags.Persist)]
            : [new(_name, NftTableFlags.None), new(LiveName, NftTableFlags.Owner)];

    /// <summary>What the kernel answers for on behalf of others.</summary>
    public ProxiedAnswers Proxied { get; private set; } = ProxiedAnswers.None;

    /// <summary>Replaces <see cref="Proxied"/>; in force with the next <see cref="Apply"/>.</summary>
    public void Use(ProxiedAnswers proxied)
    {
        Proxied = proxied;
        Encode(_ports, _fence);
        _partly |= MissingPorts.Count > 0;
    }

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
        if (result.Errno is Errno.NotSupported or Errno.InvalidArgument && _persists)
        {
            _persists = false;
            Encode(_ports, _fence);
            result = _netlink.Execute(_batches[(int)state]);
        }

        if (result.Errno is Errno.NoEntry or Errno.NoDevice)
        {
            EncodePresent();
            result = _netlink.Execute(_batches[(int)state]);
        }

        // A process before, that ended just now, owns it for a moment more: a child of it that is between fork and exec holds its socket.
        for (var tries = 0; tries < OwnerTriesMax && result.Errno == Errno.Permission; tries++)
        {
            Thread.Sleep(OwnerWait);
            result = _netlink.Execute(_batches[(int)state]);
        }

        _applied |= result.Succeeded;
        return result;
    }

    /// <summary>
    /// The state that the kernel's table stands for, or null if there is no such table or it has not a chain in each direction for each
    /// port. A claim that is over
    /// (<see cref="ClaimFence"/>) reads as muted, which is what it is.
    /// Says nothing about the addresses in it: apply the state once more after adopting it.
    /// </summary>
    public TrafficState? Read()
    {
        if (ReadComment(Standing) is not { } state)
        {
            return null;
        }

        if (state == TrafficState.Claimed && _fence is not null && (!ClaimStands(Standing) || IsMutedByTheOther()))
        {
            return TrafficState.Muted;
        }

        var reading = new Reading { Table = Standing };
        Span<byte> request = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(
            NetlinkMessageType.Netfilter(Subsystem, GetChain),
            NetlinkFlags.Request | NetlinkFlags.Dump,
            _netlink.NextSequence()
        );
        writer.NetfilterHeader(FamilyNetdev);
        writer.EndMessage();
        var chains = _netlink.Query(writer.Written, ref reading, ReadChain);
        return chains.Succeeded && reading.Chains >= 2 * (_ports.Count - MissingPorts.Count) ? state : null;
    }

    /// <summary>Takes the table away: the ports behave as if Hitless had never been there.</summary>
    public NetlinkResult Remove()
    {
        var batch = new NftBatchWriter(new byte[1024], LiveName);
        batch.Begin();
        batch.DeleteTable(acknowledge: false);
        batch.GoOnWith(_name);
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

    /// <summary>
    /// The ports (one bit each, in their order) whose virtual MAC somebody else has sent from within the last
    /// seconds, while this unit was claimed.
    /// </summary>
    public ulong PortsWithForeignSpeaker()
    {
        var heard = 0UL;
        for (var i = 0; i < _ports.Count; i++)
        {
            heard |= Stands(Standing, TrafficRules.SpeakerSet(_ports[i]), NftBatchWriter.FlagKey) ? 1UL << i : 0;
        }

        return heard;
    }

    /// <summary>False once the claim was not renewed in time.</summary>
    private bool ClaimStands(string table) => Stands(table, ClaimRules.ClaimSet, NftBatchWriter.FlagKey);

    // Where the rules stand twice, either table mutes. The one that anybody can flush is looked at last: it may go just now.
    private bool IsMutedByTheOther() => Standing != _name && !ClaimStands(_name) && ReadComment(_name) == TrafficState.Claimed;

    private bool Stands(string table, string set, ReadOnlySpan<byte> wanted)
    {
        Span<byte> request = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(
            NetlinkMessageType.Netfilter(Subsystem, GetSetElement),
            NetlinkFlags.Request | NetlinkFlags.Acknowledge,
            _netlink.NextSequence()
        );
        writer.NetfilterHeader(FamilyNetdev);
        writer.String(1, table);
        writer.String(2, set);
        var list = writer.BeginNested(3);
        var element = writer.BeginNested(1);
        var key = writer.BeginNested(1);
        writer.Attribute(1, wanted);
        writer.EndNested(key);
        writer.EndNested(element);
        writer.EndNested(list);
        writer.EndMessage();
        var nothing = 0;
        return _netlink.Query(writer.Written, ref nothing, static (NetlinkMessage _, ref int _) => { }).Succeeded;
    }

    /// <summary>
    /// What a table of ours says of itself; null if there is none, or one that somebody made from a file: only a table of this boot stands
    /// for anything.
    /// </summary>
    private TrafficState? ReadComment(string table)
    {
        var reading = new Reading { Table = table, Boot = _boot };
        return Ask(GetTable, NetlinkFlags.Acknowledge, TableName, ref reading, ReadTable) && reading.OfThisBoot ? reading.State : null;
    }

    private int CountRules(string table)
    {
        var reading = new Reading { Table = table };
        _ = Ask(GetRule, NetlinkFlags.Dump, RuleTable, ref reading, ReadRule);
        return reading.Rules;
    }

    /// <summary>Asks for what is of <c>reading.Table</c>, which <paramref name="attribute"/> names.</summary>
    private bool Ask(byte what, NetlinkFlags how, ushort attribute, ref Reading reading, NetlinkMessageHandler<Reading> handler)
    {
        Span<byte> request = stackalloc byte[512];
        var writer = new NetlinkMessageWriter(request);
        writer.BeginMessage(NetlinkMessageType.Netfilter(Subsystem, what), NetlinkFlags.Request | how, _netlink.NextSequence());
        writer.NetfilterHeader(FamilyNetdev);
        writer.String(attribute, reading.Table);
        writer.EndMessage();
        return _netlink.Query(writer.Written, ref reading, handler).Succeeded;
    }

    private static void ReadRule(NetlinkMessage message, ref Reading reading)
    {
        var attributes = message.Attributes(4);
        while (attributes.TryRead(out var attribute))
        {
            reading.Rules += attribute.Type == RuleTable && attribute.Text == reading.Table ? 1 : 0;
        }
    }

    private static byte[] BootId() => Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id")).ToByteArray();

    private static void ReadTable(NetlinkMessage message, ref Reading reading)
    {
        var attributes = message.Attributes(4);
        while (attributes.TryRead(out var attribute))
        {
            var data = attribute.Type == TableUserData ? attribute.Value : default;
            while (data.Length >= 2 && data.Length >= 2 + data[1])
            {
                var value = data.Slice(2, data[1]);
                reading.OfThisBoot |= data[0] == UserDataBoot && value.SequenceEqual(reading.Boot);
                foreach (var state in Enum.GetValues<TrafficState>())
                {
                    reading.State =
                        data[0] == UserDataComment && value.TrimEnd((byte)0).SequenceEqual(TrafficRules.Comment(state))
                            ? state
                            : reading.State;
                }

                data = data[(2 + value.Length)..];
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
            _fence is null ? null : _fence with { HeartbeatInterfaces = [.. _fence.HeartbeatInterfaces.Where(present.Contains)] }
        );
    }

    private void Encode(IReadOnlyList<TrafficPort> ports, ClaimFence? fence)
    {
        foreach (var state in Enum.GetValues<TrafficState>())
        {
            _batches[(int)state] = TrafficRules.Encode(Copies, state, ports, Proxied, fence, _boot, out _rules[(int)state]);
        }
    }

    private struct Reading
    {
        internal string Table;
        internal byte[] Boot;
        internal bool OfThisBoot;
        internal TrafficState? State;
        internal int Chains;
        internal int Rules;
    }
}
