using Hitless.Core.Cluster;
using Hitless.Core.Forwarding;
using Hitless.Core.Wire;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;

namespace Hitless.Linux.Balance;

/// <summary>
/// The nftables table (family netdev) by which a primary hands frames on to other units, in the network namespace of the thread that made
/// this object. It has an owner, so nobody else can flush it, and it goes with the process: without one the primary carries everything.
/// Each change is one transaction. Not for several threads at once.
/// </summary>
public sealed class BalanceTable : IDisposable
{
    /// <summary>The table's name.</summary>
    public const string DefaultName = "hitless-balance";

    private const int OwnerTriesMax = 20;
    private static readonly TimeSpan OwnerWait = TimeSpan.FromMilliseconds(1);
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Netfilter);
    private readonly LinkTable _links = new();
    private readonly byte[] _boot = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id")).ToByteArray();
    private readonly string _name;

    /// <summary>Nothing is changed yet.</summary>
    public BalanceTable(string name = DefaultName) => _name = name;

    /// <summary>
    /// Hands each bucket's frames to its owner, whatever stood before. An interface that is absent is left out.
    /// </summary>
    /// <param name="ports">The interfaces.</param>
    /// <param name="owners">One for each bucket; the buckets of a unit that <paramref name="macs"/> does not know stay here.</param>
    /// <param name="macs">The own MACs of the other units, by interface.</param>
    /// <param name="kept">Networks whose packets stay here.</param>
    public NetlinkResult Set(
        IReadOnlyList<BalancePort> ports,
        ReadOnlySpan<UnitId> owners,
        IReadOnlyDictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> macs,
        IReadOnlyList<AddressPrefix> kept
    )
    {
        var links = _links.Read().ToDictionary(link => link.Name, StringComparer.Ordinal);
        var present = ports.Where(port => links.ContainsKey(port.Name)).Select(port => (port, links[port.Name])).ToArray();
        return Execute(BalanceRules.Encode(_name, present, owners, macs, kept, _boot));
    }

    /// <summary>Hands on nothing: takes the table away, also one that somebody has loaded from a file.</summary>
    public NetlinkResult Remove()
    {
        var batch = new NftBatchWriter(new byte[512], _name);
        batch.Begin();
        batch.DeleteTable(acknowledge: true);
        batch.Commit(tableStays: false);
        return Execute(batch.Written.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _netlink.Dispose();
    }

    private NetlinkResult Execute(ReadOnlySpan<byte> batch)
    {
        var result = _netlink.Execute(batch);

        // A process before, that ended just now, owns it for a moment more: a child of it between fork and exec holds its socket.
        for (var tries = 0; tries < OwnerTriesMax && result.Errno == Errno.Permission; tries++)
        {
            Thread.Sleep(OwnerWait);
            result = _netlink.Execute(batch);
        }

        return result;
    }
}
