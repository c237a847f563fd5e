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
/// Each change is one transaction, behind another one that makes the sets which the rules look into: for a moment of a transaction's end
/// the kernel finds nothing in a set of ranges that came with it, and flows that are kept would be handed on. So there are two names, and
/// the table has one or the other in turn. Not for several threads at once.
/// </summary>
public sealed class BalanceTable : IDisposable
{
    /// <summary>The table's name, and how its other one begins.</summary>
    public const string DefaultName = "hitless-balance";

    private const int OwnerTriesMax = 20;
    private static readonly TimeSpan OwnerWait = TimeSpan.FromMilliseconds(1);
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Netfilter);
    private readonly LinkTable _links = new();
    private readonly byte[] _boot = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id")).ToByteArray();
    private string _name;
    private string _next;

    /// <summary>Nothing is changed yet.</summary>
    public BalanceTable(string name = DefaultName) => (_next, _name) = (name, $"{name}-2");

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
        var sets = Execute(BalanceRules.EncodeSets(_next, present, kept, _boot));
        if (!sets.Succeeded)
        {
            return sets;
        }

        var result = Execute(BalanceRules.EncodeRules(_next, _name, present, owners, macs, kept));
        (_name, _next) = result.Succeeded ? (_next, _name) : (_name, _next);
        return result;
    }

    /// <summary>Hands on nothing: takes the table away, also one that somebody has loaded from a file.</summary>
    public NetlinkResult Remove()
    {
        var batch = new NftBatchWriter(new byte[1024], _next);
        batch.Begin();
        batch.DeleteTable(acknowledge: false);
        batch.GoOnWith(_name);
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
