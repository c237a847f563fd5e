using System.Collections.Concurrent;
using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Balance;

/// <summary>
/// The other units as load balancing sees them: tells them who carries flows, keeps what they answer, moves sessions between them. For
/// several threads.
/// </summary>
/// <param name="self">This unit, by id and name.</param>
/// <param name="control">Knows which units are there.</param>
/// <param name="sessions">This unit's sessions.</param>
/// <param name="peers">The way to the others.</param>
public sealed class BalancePeers((UnitId Id, string Name) self, ControlLoop control, SessionLoop sessions, PeerClient peers)
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MoveTimeout = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<UnitId, BalanceAnswer> answers = new();
    private readonly ConcurrentDictionary<UnitId, Task> asking = new();
    private volatile IReadOnlyList<UnitId> carriers = [];

    /// <summary>The way to the others.</summary>
    public PeerClient Client => peers;

    /// <summary>Somebody has answered.</summary>
    public ChangeSignal Answered { get; } = new();

    /// <summary>Whether a unit carries flows, or is about to.</summary>
    public bool Carries(UnitId unit) => carriers.Contains(unit);

    /// <summary>What a unit said last, not long ago; null: nothing.</summary>
    public CarryAnswer? Said(UnitId unit) => answers.TryGetValue(unit, out var answer) && !answer.IsOld ? answer.Said : null;

    /// <summary>The own MACs of the others, by interface.</summary>
    public IReadOnlyDictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> Macs() =>
        answers.ToDictionary(each => each.Key, each => each.Value.Macs);

    /// <summary>Changes when a MAC does.</summary>
    public string Print => string.Join(' ', answers.OrderBy(each => each.Key).Select(each => each.Value.Print));

    /// <summary>Who carries from now on: this unit follows them, and each other is told when it is asked next, which is at once.</summary>
    public async Task SetCarriersAsync(IEnumerable<UnitId> units)
    {
        UnitId[] now = [.. units.Order()];
        if (!now.SequenceEqual(carriers))
        {
            carriers = now;
            foreach (var answer in answers.Values)
            {
                answer.Expire();
            }
        }

        // A change of role ends it in the session loop: said again, it costs a message.
        await sessions.SetCarriersAsync(now);
    }

    /// <summary>Asks every unit that is there and has not answered of late. Returns at once.</summary>
    public void AskAll(ClusterView view, CancellationToken cancel)
    {
        foreach (var peer in view.Peers.Where(peer => peer.Present))
        {
            var isDue = !answers.TryGetValue(peer.Id, out var had) || had.IsDue;
            if (isDue && (!asking.TryGetValue(peer.Id, out var before) || before.IsCompleted))
            {
                asking[peer.Id] = Task.Run(() => AskAsync(peer, cancel), cancel);
            }
        }
    }

    /// <summary>Waits until every unit follows every one that carries, <paramref name="unit"/> among them; false: not in time.</summary>
    public async Task<bool> OpenAsync(UnitId unit, CancellationToken cancel)
    {
        for (var until = MonotonicClock.Now + OpenTimeout; MonotonicClock.Now < until; await Task.Delay(LookAgain, cancel))
        {
            if (!Carries(unit))
            {
                continue;
            }

            var view = await control.ViewAsync();
            var ready = await Task.WhenAll(view.Peers.Where(peer => peer.Present).Select(peer => AskAsync(peer, cancel)));
            if (await sessions.SetCarriersAsync(carriers) && ready.All(each => each))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Somebody carries beside this unit, but for <paramref name="unit"/>.</summary>
    public bool HasCarriersBut(UnitId unit) => carriers.Any(each => each != unit);

    /// <summary>
    /// Waits until this unit holds what every one that carries, but for <paramref name="unit"/>, has told by now; false: not in time.
    /// </summary>
    public async Task<bool> GatherAsync(UnitId unit, CancellationToken cancel)
    {
        foreach (var carrier in carriers.Where(each => each != unit))
        {
            if (!await PassAsync(carrier, self.Id, cancel))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Waits until all sessions that <paramref name="from"/> has now are in the kernel of <paramref name="to"/>.</summary>
    public async Task<bool> PassAsync(UnitId from, UnitId to, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        string NameOf(UnitId unit) => view.Units.FirstOrDefault(each => each.Id == unit)?.Name ?? "";
        var barrier =
            from == self.Id
                ? await sessions.ReachBarrierAsync()
                : (await peers.CallAsync(NameOf(from), BalanceCalls.Barrier, new PeerQuestion(self.Name), MoveTimeout, cancel)).Sequence;
        if (to == self.Id)
        {
            return await sessions.AwaitAppliedAsync(from, barrier, MoveTimeout, cancel);
        }

        var request = new AppliedRequest(self.Name, from, barrier);
        return (await peers.CallAsync(NameOf(to), BalanceCalls.Applied, request, MoveTimeout, cancel)).Ok;
    }

    /// <summary>Packets that each of the other units has forwarded so far, by name; those that do not answer are left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ForwardedAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var there = view.Peers.Where(peer => peer.Present).ToArray();
        var answered = await Task.WhenAll(there.Select(peer => AskAsync(peer, cancel, anyhow: true)));
        return there
            .Zip(answered)
            .Where(each => each.Second)
            .ToDictionary(each => each.First.Name, each => answers[each.First.Id].Said.Forwarded, StringComparer.Ordinal);
    }

    /// <summary>
    /// Says who carries, and keeps what is answered. False: not answered, or (unless <paramref name="anyhow"/>) it does not follow all of
    /// them yet.
    /// </summary>
    private async Task<bool> AskAsync(UnitView peer, CancellationToken cancel, bool anyhow = false)
    {
        try
        {
            var said = await peers.CallAsync(peer.Name, BalanceCalls.Carry, new CarryRequest(self.Name, carriers), AskTimeout, cancel);
            answers[peer.Id] = new BalanceAnswer(said);
            Answered.Raise();
            return said.Ready || anyhow;
        }
        catch (PeerException)
        {
            // What it said last counts for a while.
            return false;
        }
    }
}
