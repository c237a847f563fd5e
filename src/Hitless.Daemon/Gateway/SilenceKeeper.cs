using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Traffic;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// Keeps the filters in place that make a unit mute without nftables and without a process (docs/decisions/0045). Where they cannot be,
/// that is a problem of <c>status</c> and no reason not to run. For several threads.
/// </summary>
public sealed class SilenceKeeper(IReadOnlyList<TrafficPort> ports, EventLog events) : IWatchDuty
{
    // Nobody tells of disciplines and filters that go.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private readonly Lock one = new();
    private volatile IReadOnlyList<string> problems = [];
    private TimeSpan nextLook;
    private bool wasMissing;
    private bool withdrawn;

    /// <summary>One line for each interface without its filters.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>
    /// Makes the filters stand, and those of a former configuration go. To be called once the traffic table stands, and before the
    /// addresses do.
    /// </summary>
    public void Apply()
    {
        lock (one)
        {
            Try(filters => Tell(filters.Apply()));
        }
    }

    /// <summary>
    /// Puts back what is missing at two looks in a row: whoever sets an interface up has these seconds to give it a discipline of his own.
    /// </summary>
    public void Tick(TimeSpan now)
    {
        lock (one)
        {
            if (withdrawn || now < nextLook)
            {
                return;
            }

            nextLook = now + LookInterval;
            Try(filters =>
            {
                var isMissing = !filters.IsWhole();
                if (isMissing && wasMissing)
                {
                    Tell(filters.Apply());
                }

                if (isMissing && wasMissing && problems.Count == 0)
                {
                    events.Add(
                        EventKinds.Unit,
                        "the tc filters that keep this unit mute without nftables were missing on an interface; they are put back"
                    );
                }

                wasMissing = isMissing;
            });
        }
    }

    /// <summary>Takes the filters away; from then on none are set any more.</summary>
    public void Withdraw()
    {
        lock (one)
        {
            withdrawn = true;
            Try(filters => filters.Remove());
        }
    }

    private void Try(Action<SilenceFilters> act)
    {
        try
        {
            using var filters = new SilenceFilters(ports);
            act(filters);
        }
        catch (Exception e) when (e is NetlinkException or IOException)
        {
            Tell([$"this unit would speak for virtual addresses if somebody flushed nftables while hitlessd is stopped: {e.Message}"]);
        }
    }

    /// <summary>Problems that stay are told once.</summary>
    private void Tell(IReadOnlyList<string> now)
    {
        foreach (var problem in now.Except(problems))
        {
            events.Add(EventKinds.Unit, problem);
        }

        problems = now;
    }
}
