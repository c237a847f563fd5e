using System.Collections.Concurrent;
using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Netlink;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Balance;

/// <summary>
/// Steps the balance machine while this unit is primary, and does what it wants: asks the units, moves buckets in the kernel's table. One
/// task steps the machine; what takes time runs beside it and comes back as an input.
/// </summary>
public sealed class BalanceLoop : IBalanceEffects, IDisposable
{
    private const int UnlistedNamed = 8;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DrawnMax = TimeSpan.FromSeconds(5);
    private readonly UnitSettings settings;
    private readonly ControlLoop control;
    private readonly BalancePeers peers;
    private readonly EventLog events;
    private readonly BalanceMachine machine;
    private readonly ConcurrentQueue<BalanceInput> inputs = new();
    private readonly ChangeSignal wake = new();
    private readonly ChangeSignal stepped = new();
    private volatile BalanceStatus? status;
    private volatile BalanceFacts? facts;
    private volatile bool quiet = true;
    private CancellationToken ending;
    private TimeSpan drawnUntil;
    private string print = "";
    private bool lookedThrough;

    /// <summary>Nothing is done before <see cref="RunAsync"/>, but that what a process before has left is taken away.</summary>
    public BalanceLoop(UnitSettings settings, UnitId self, ControlLoop control, SessionLoop sessions, BalancePeers peers, EventLog events)
    {
        (this.settings, this.control, this.peers, this.events) = (settings, control, peers, events);
        machine = new BalanceMachine(new BalanceOptions(self, WeightOf(settings.Unit.Weight)));
        Kernel = new BalanceKernel(settings);
        Unlisted = sessions.Translated is { } translated ? new UnlistedHosts(translated, sessions, Kernel) : null;
        Owners = new BalanceOwners(settings, control, peers.Client, Kernel);
    }

    /// <summary>Asked again and again: why nobody but the primary may carry anything; null: no reason.</summary>
    public Func<string?> WhyOff { get; set; } = () => null;

    /// <summary>
    /// Compares the sessions of a unit, by name, with those of this one, and tells it what it lacks.
    /// </summary>
    public Func<string, Task> Complete { get; set; } = _ => Task.CompletedTask;

    /// <summary>Who forwards what; null: this unit is not primary, or the mode is active-passive.</summary>
    public BalanceStatus? Status => status;

    /// <summary>This unit's kernel.</summary>
    public BalanceKernel Kernel { get; }

    /// <summary>Hosts that this unit translates though they are not listed; null in active-passive.</summary>
    public UnlistedHosts? Unlisted { get; }

    private IReadOnlyList<HostAddress> UnlistedNow => Unlisted?.Found ?? [];

    private string? WhyNot =>
        UnlistedNow.Count >= UnlistedHosts.Max
            ? $"the firewall translates flows of more than {UnlistedHosts.Max} inside hosts that balance.on-primary does not list: list "
                + "their networks, and restart hitlessd"
            : facts?.WhyNot(settings.KeptOnPrimary.Count > 0);

    /// <summary>Who forwards which flows.</summary>
    public BalanceOwners Owners { get; }

    /// <summary>Whether a unit carries flows, or is about to.</summary>
    public bool Carries(UnitId unit) => peers.Carries(unit);

    /// <summary>Until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        ending = cancel;
        while (settings.Cluster.ActiveActive)
        {
            var changed = Task.WhenAny(control.Changes.Next, wake.Next, peers.Answered.Next, Unlisted!.Next);
            await LookAsync(cancel);
            var due = machine.NextDeadline == TimeSpan.MaxValue ? LookInterval : machine.NextDeadline - MonotonicClock.Now;
            await ChangeSignal.WaitAsync(changed, TimeSpan.FromTicks(Math.Clamp(due.Ticks, 0, LookInterval.Ticks)), cancel);
        }
    }

    /// <summary>
    /// Before this unit hands over: every bucket comes back to it, and none leaves for some seconds. False: not within
    /// <paramref name="limit"/>.
    /// </summary>
    public Task<bool> DrawBackAsync(TimeSpan limit, CancellationToken cancel)
    {
        drawnUntil = MonotonicClock.Now + DrawnMax;
        return UntilQuietAsync(limit, cancel);
    }

    /// <summary>Waits until load balancing is off and no other unit carries anything; false: not within <paramref name="limit"/>.</summary>
    public async Task<bool> UntilQuietAsync(TimeSpan limit, CancellationToken cancel)
    {
        for (var until = MonotonicClock.Now + limit; ; )
        {
            var step = stepped.Next;
            if (quiet && status is null or { Off: not null })
            {
                return true;
            }

            if (MonotonicClock.Now >= until)
            {
                return false;
            }

            wake.Raise();
            await ChangeSignal.WaitAsync(step, LookAgain, cancel);
        }
    }

    /// <inheritdoc cref="BalancePeers.ForwardedAsync"/>
    public Task<IReadOnlyDictionary<string, long>> ForwardedAsync(CancellationToken cancel) => peers.ForwardedAsync(cancel);

    /// <inheritdoc/>
    public void Dispose() => Kernel.Dispose();

    void IBalanceEffects.Open(UnitId unit) => Beside(() => OpenAsync(unit), ok => new BalanceInput.Opened(unit, ok));

    void IBalanceEffects.Close(UnitId unit)
    {
        // The end of this look says so to all.
    }

    void IBalanceEffects.Barrier(RequestId request, UnitId from, UnitId to) =>
        Beside(() => peers.PassAsync(from, to, ending), ok => new BalanceInput.Passed(request, ok));

    void IBalanceEffects.Write(RequestId request, ReadOnlySpan<UnitId> owners)
    {
        print = PrintNow();
        var written = Kernel.WriteAsync(owners.ToArray(), peers.Macs(), UnlistedNow);
        Beside(
            async () =>
            {
                if (await written is { } problem)
                {
                    events.Add(EventKinds.Unit, $"the table that hands flows on could not be set: {problem}");
                    return false;
                }

                return true;
            },
            ok => new BalanceInput.Written(request, ok)
        );
    }

    void IBalanceEffects.Withdraw() => Kernel.Remove();

    void IBalanceEffects.Record(string text) => events.Add(EventKinds.Unit, text);

    /// <summary>
    /// A unit follows the others from a moment on, and was told by this one what stood before another one. What a third unit made between
    /// the two nobody has told it: this unit has it, and compares.
    /// </summary>
    private async Task<bool> OpenAsync(UnitId unit)
    {
        if (!await peers.OpenAsync(unit, ending))
        {
            return false;
        }

        if (!peers.HasCarriersBut(unit))
        {
            return true;
        }

        var view = await control.ViewAsync();
        if (view.Units.FirstOrDefault(each => each.Id == unit)?.Name is not { } name || !await peers.GatherAsync(unit, ending))
        {
            return false;
        }

        await Complete(name);
        return true;
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var primary = view.Self.Role == UnitRole.Primary;
        Step(primary ? new BalanceInput.BecamePrimary() : new BalanceInput.LostPrimary());
        while (inputs.TryDequeue(out var input))
        {
            Step(input);
        }

        if (!primary)
        {
            if (status is not null)
            {
                // Said while the role changed, it would outlive it.
                await peers.SetCarriersAsync([]);
            }

            (status, quiet, lookedThrough) = (null, true, false);
            Owners.Keep([], []);
            stepped.Raise();
            return;
        }

        // First what cannot wait: who is gone.
        facts ??= await Kernel.ReadAsync();
        Step(new BalanceInput.Seen([.. view.Peers.Select(peer => Seen(peer, view))], WhyOffNow()));
        facts = await Kernel.ReadAsync();
        await LookForUnlistedAsync(view);
        if (PrintNow() is var now && now != print)
        {
            print = now;
            Step(new BalanceInput.KernelChanged());
        }

        await peers.SetCarriersAsync(machine.Carriers);
        status = Describe(view);
        Owners.Keep(
            machine.IsQuiet ? [] : [.. Enumerable.Range(0, BucketHash.Buckets).Select(bucket => NameOf(machine.OwnerOf(bucket), view))],
            UnlistedNow
        );
        quiet = machine.IsQuiet;
        stepped.Raise();
        peers.AskAll(view, cancel);
    }

    /// <summary>Before the first share: the sessions that stand. Then what begins here, and what the others say.</summary>
    private async Task LookForUnlistedAsync(ClusterView view)
    {
        if (!lookedThrough)
        {
            await Unlisted!.LookThroughTableAsync();
            lookedThrough = true;
        }

        var before = UnlistedNow.Count;
        await Unlisted!.LookAsync();
        foreach (var text in view.Peers.SelectMany(peer => peers.Said(peer.Id)?.Unlisted ?? []))
        {
            if (IPAddress.TryParse(text, out var address))
            {
                Unlisted.Add(HostAddress.Of(address));
            }
        }

        if (UnlistedNow.Count > before)
        {
            var hosts = string.Join(", ", UnlistedNow.Skip(before).Take(UnlistedNamed));
            events.Add(EventKinds.Unit, $"kept on the primary, as the firewall translates their flows: {hosts} (balance.on-primary)");
        }
    }

    private void Step(BalanceInput input) => machine.Step(input, MonotonicClock.Now, this);

    private string? WhyOffNow() =>
        settings.Schedule == BalanceSchedule.None ? "balance.schedule is none"
        : WhyNot is { } why ? why
        : !lookedThrough ? "the sessions that stand are being looked through"
        : MonotonicClock.Now < drawnUntil ? "a switchover is to come"
        : WhyOff();

    private BalanceUnit Seen(UnitView peer, ClusterView view)
    {
        var said = peers.Said(peer.Id);
        return new BalanceUnit(
            peer.Id,
            peer.Name,
            WeightOf(said?.Weight ?? 1),
            peer.Role != UnitRole.Standby ? "it is no standby"
                : peer.State != UnitState.Ready ? $"it is {UnitWording.Of(peer.State)}"
                : peer.Failures > view.Self.Failures ? "it has failed interfaces or probes"
                : said is null ? "it does not say what it can carry (its API does not answer, or its version is older)"
                : said.Obstacle,
            Gone: !peer.Present || peer.State == UnitState.Leaving
        );
    }

    private static string NameOf(UnitId unit, ClusterView view) => view.Units.FirstOrDefault(each => each.Id == unit)?.Name ?? "";

    private int WeightOf(int weight) => settings.Schedule == BalanceSchedule.WeightedRoundRobin ? Math.Max(weight, 1) : 1;

    private BalanceStatus Describe(ClusterView view) =>
        new(
            BalanceSchedules.NameOf(settings.Schedule),
            machine.WhyOff,
            [
                .. view.Units.Select(each =>
                {
                    var own = each.Id == view.Self.Id;
                    return new BalanceUnitStatus(
                        each.Name,
                        machine.BucketsOf(each.Id),
                        own ? null : machine.ObstacleOf(each.Id),
                        own ? facts?.Forwarded : peers.Said(each.Id)?.Forwarded
                    );
                }),
            ]
        )
        {
            Problem = WhyNot,
            Unlisted = [.. UnlistedNow.Take(UnlistedNamed).Select(host => host.ToString())],
            UnlistedHosts = UnlistedNow.Count,
        };

    private string PrintNow() =>
        $"{UnlistedNow.Count} {facts?.Print} {string.Join(' ', facts?.Sides ?? new Dictionary<string, PortSide>())} {peers.Print}";

    private void Beside(Func<Task<bool>> work, Func<bool, BalanceInput> end) =>
        _ = Task.Run(
            async () =>
            {
                var ok = false;
                try
                {
                    ok = await work();
                }
                catch (Exception e) when (e is PeerException or IOException or OperationCanceledException or NetlinkException)
                {
                    // The machine is told that it did not succeed.
                }

                inputs.Enqueue(end(ok));
                wake.Raise();
            },
            CancellationToken.None
        );
}
