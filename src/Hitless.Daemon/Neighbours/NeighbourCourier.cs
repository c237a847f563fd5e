using System.Text.Json.Serialization;
using Hitless.Core.Cluster;
using Hitless.Core.Neighbours;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Linux.Neighbours;
using Hitless.Linux.Netlink;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Neighbours;

/// <summary>
/// Keeps the ARP and ND tables of the standbys like the primary's, so that the first packet after a switch needs no resolution: each
/// second, and right before a planned switch, the primary tells what is new. It lives in the network namespace of the thread that makes it.
/// </summary>
public sealed class NeighbourCourier(IReadOnlyList<string> ports, ControlLoop control, PeerClient peers) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);
    private readonly NeighbourTable table = new(ports);
    private readonly List<Neighbour> standing = [];
    private readonly Dictionary<string, NeighbourNews> news = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>
    /// Tells each second, and when a standby has become ready, until it is cancelled; a standby waits until it is primary.
    /// </summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var change = control.Changes.Next;
            var tells = await TryTellAsync(cancel);
            await ChangeSignal.WaitAsync(change, tells ? Every : Timeout.InfiniteTimeSpan, cancel);
        }
    }

    /// <summary>
    /// While this unit is primary: tells every standby what it does not know yet. Ends when all have it, or after some tenths of a second.
    /// </summary>
    public Task TellAsync(CancellationToken cancel) => TryTellAsync(cancel);

    /// <summary>The primary tells of its neighbours: what this kernel does not know better is put in.</summary>
    public async Task<NeighbourCount> TakeAsync(NeighbourTelling telling, CancellationToken cancel)
    {
        if (!NeighbourRecords.TryParse(telling.Neighbours, out var told))
        {
            throw new RefusedException("the neighbours cannot be read", "look at the versions of the units: hitless status");
        }

        await turn.WaitAsync(cancel);
        try
        {
            return new NeighbourCount(table.Learn(told));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        table.Dispose();
        turn.Dispose();
    }

    private async Task<bool> TryTellAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (view.Self.Role != UnitRole.Primary)
        {
            return false;
        }

        await turn.WaitAsync(cancel);
        try
        {
            standing.Clear();
            table.Read(standing);
            foreach (var standby in view.Peers)
            {
                if (standby.Ready)
                {
                    await TellAsync(standby, cancel);
                }
            }
        }
        catch (NetlinkException)
        {
            // The kernel is asked again in a second; without an answer the kernels ask the neighbours themselves.
        }
        finally
        {
            turn.Release();
        }

        return true;
    }

    private async Task TellAsync(UnitView standby, CancellationToken cancel)
    {
        if (!news.TryGetValue(standby.Name, out var known))
        {
            news[standby.Name] = known = new NeighbourNews();
        }

        var chosen = known.Choose(standby.Tag, standing, MonotonicClock.Now);
        if (chosen.Count == 0)
        {
            return;
        }

        try
        {
            await peers.CallAsync(standby.Name, Call, new NeighbourTelling(NeighbourRecords.ToBytes(chosen)), Patience, cancel);
        }
        catch (PeerException)
        {
            // An older version, or not there: its kernel asks by itself after a switch.
            known.Forget();
        }
    }

    /// <summary>What a primary tells a standby.</summary>
    public static PeerCall<NeighbourTelling, NeighbourCount> Call { get; } =
        new("neighbours.tell", NeighbourJson.Default.NeighbourTelling, NeighbourJson.Default.NeighbourCount);
}

/// <summary>Neighbours as <see cref="NeighbourRecords"/>.</summary>
public sealed record NeighbourTelling(byte[] Neighbours);

/// <summary>How many of them were put into the kernel.</summary>
public sealed record NeighbourCount(int Learned);

/// <summary>The JSON of <see cref="NeighbourCourier.Call"/>.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(NeighbourTelling))]
[JsonSerializable(typeof(NeighbourCount))]
public sealed partial class NeighbourJson : JsonSerializerContext;
