using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;
using Hitless.Linux.Polling;
using Hitless.Linux.Routes;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// A thread beside the control loop's, of ordinary rank, that sees what other programs change in the kernel and that no heartbeat may wait
/// for: sysctls (each second), declared routes and rules, the routes that hang on virtual
/// addresses, all else that forwarding depends on, and, where the kernel cannot keep the traffic table from others, that somebody flushed
/// it.
/// </summary>
public sealed class GatewayWatch : IDisposable
{
    private const int LinkToken = 0;
    private const int RulesetToken = 1;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // What no message tells of (sysctls, filters) is read so often; the rest is read when something was told, but not more often than this.
    private static readonly TimeSpan StateEvery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StateSettle = TimeSpan.FromMilliseconds(200);
    private readonly UnitSettings settings;
    private readonly string routesFile;
    private IReadOnlyList<KernelRoute>? remembered;
    private readonly IReadOnlyList<IWatchDuty> duties;
    private readonly EventLog events;
    private readonly Action? rulesetChanged;
    private readonly Action<ForwardingState> stateChanged;
    private ulong toldDigest;
    private readonly Poller poller = new();
    private readonly Thread thread;
    private readonly RoutingKeeper routing;
    private volatile bool ending;

    /// <summary>Starts at once, in the network namespace of the calling thread.</summary>
    /// <param name="settings">The interfaces with their virtual addresses, and the links between the units.</param>
    /// <param name="routesFile">Where the routes that hang on virtual addresses are kept.</param>
    /// <param name="remembered">Those that hung on them before this process changed any; null: the addresses did not stand then.</param>
    /// <param name="duties">What is called each second.</param>
    /// <param name="events">Where it tells what it did.</param>
    /// <param name="rulesetChanged">Called on its thread when anybody has changed nftables; null: nobody needs to know.</param>
    /// <param name="stateChanged">Called on its thread with all that forwarding depends on, when that has changed.</param>
    public GatewayWatch(
        UnitSettings settings,
        string routesFile,
        IReadOnlyList<KernelRoute>? remembered,
        IReadOnlyList<IWatchDuty> duties,
        EventLog events,
        Action? rulesetChanged,
        Action<ForwardingState> stateChanged
    )
    {
        this.stateChanged = stateChanged;
        (this.settings, this.routesFile, this.remembered, this.duties, this.events, this.rulesetChanged) = (
            settings,
            routesFile,
            remembered,
            duties,
            events,
            rulesetChanged
        );
        routing = new RoutingKeeper(settings, events);
        thread = new Thread(Run) { Name = "gateway watch", IsBackground = true };
        thread.Start();
    }

    /// <summary><see cref="RoutingKeeper.Problems"/>; from any thread.</summary>
    public IReadOnlyList<string> RoutingProblems => routing.Problems;

    /// <inheritdoc/>
    public void Dispose()
    {
        ending = true;
        poller.WakeUp();
        thread.Join();
        poller.Dispose();
    }

    private void Run()
    {
        // One failure must not end the watch for ever: what it looks at is read anew.
        while (!ending)
        {
            try
            {
                Watch();
            }
            catch (Exception e) when (e is NetlinkException or IOException)
            {
                events.Add(EventKinds.Unit, $"routes and sysctls could not be watched, trying again in a second: {e.Message}");
                poller.Wait(Second, []);
            }
        }
    }

    private void Watch()
    {
        using var monitor = new LinkMonitor(routes: true);
        using var ruleset = new RulesetMonitor();
        using var reader = new ForwardingStateReader(settings);
        using var routes = new RouteKeeper(settings.Interfaces, routesFile, remembered, events);
        remembered = null;
        poller.Add(monitor.Handle, LinkToken);
        poller.Add(ruleset.Handle, RulesetToken);

        // What happened while nobody listened.
        rulesetChanged?.Invoke();
        Span<int> ready = stackalloc int[4];
        var dutiesAt = MonotonicClock.Now + Second;
        var stateAt = MonotonicClock.Now;
        while (!ending)
        {
            var now = MonotonicClock.Now;
            poller.Wait(Earlier(Earlier(routes.NextDeadline, routing.NextDeadline), Earlier(dutiesAt, stateAt)) - now, ready);
            now = MonotonicClock.Now;
            if (ruleset.TakeChanges())
            {
                rulesetChanged?.Invoke();
                stateAt = Earlier(stateAt, now + StateSettle);
            }

            while (monitor.TryRead(out var change))
            {
                routes.Take(change, now);
                routing.Take(now);
                stateAt = Earlier(stateAt, now + StateSettle);
            }

            routes.Tick(now);
            routing.Tick(now);
            if (now >= dutiesAt)
            {
                foreach (var duty in duties)
                {
                    duty.Tick(now);
                }

                dutiesAt = now + Second;
            }

            if (now >= stateAt)
            {
                Tell(reader.Read());
                stateAt = MonotonicClock.Now + StateEvery;
            }
        }
    }

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private void Tell(ForwardingState state)
    {
        if (state.Digest is var digest && digest != toldDigest)
        {
            toldDigest = digest;
            stateChanged(state);
        }
    }
}
