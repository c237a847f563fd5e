using Hitless.Core.Cluster;
using Hitless.Core.Firmware;
using Hitless.Core.Wire;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units.Buckets;
using Hitless.Simulator.Units.Runs;

namespace Hitless.Simulator.Units;

/// <summary>A gateway: what outlives its daemon (kernel, disk), and the daemon's present process, if one runs.</summary>
internal sealed class SimulatedUnit(int index, byte priority, bool overrides)
{
    /// <summary>Monitored ports of every unit.</summary>
    public const int PortCount = 2;

    /// <summary>Every port is up.</summary>
    public const ulong AllPorts = (1UL << PortCount) - 1;

    public int Index => index;

    public string Name { get; } = $"gw{index + 1}";

    /// <summary>The unit's id. Not in the order of the indices, so that nothing leans on that.</summary>
    public UnitId Serial { get; } = new(((ulong)(index * 7 % 5) + 1) << 32 | (uint)index);

    public byte Priority => priority;

    public bool Overrides => overrides;

    /// <summary>What the kernel does with the virtual addresses. Outlives a killed daemon, not a lost power.</summary>
    public TrafficState Traffic { get; set; }

    /// <summary>When the kernel's claim ends by itself.</summary>
    public TimeSpan ClaimUntil { get; set; } = TimeSpan.MaxValue;

    /// <summary>Until when a successor's announcement does not end the kernel's claim: its daemon renews it.</summary>
    public TimeSpan FreshUntil { get; set; }

    /// <summary>The kernel's claim has ended by itself.</summary>
    public bool ClaimOver { get; set; }

    /// <summary>A daemon has run on this kernel since its power came.</summary>
    public bool KernelIsUsed { get; set; }

    /// <summary>Its sessions may have gone on elsewhere since it was primary, and were not compared yet.</summary>
    public bool SessionsWentOn { get; set; }

    /// <summary>The kernel takes TCP packets of any window.</summary>
    public bool TakesAnyWindow { get; set; }

    /// <summary>The kernel has told somebody that its daemon ended; once for each daemon.</summary>
    public bool ToldEnd { get; set; }

    /// <summary>The machine has power, so its kernel answers.</summary>
    public bool Powered { get; set; }

    /// <summary>It has lost its power for ever.</summary>
    public bool Lost { get; set; }

    /// <summary>The kernel's sessions, by number.</summary>
    public HashSet<int> Sessions { get; } = [];

    /// <summary>Which ports have carrier.</summary>
    public ulong PortsUp { get; set; } = AllPorts;

    /// <summary>Nothing that is new fits on the disk: neither journal, nor epoch, nor slot.</summary>
    public bool DiskFull { get; set; }

    /// <summary>The highest epoch that has reached the disk.</summary>
    public long DurableEpoch { get; set; }

    /// <summary>The operator's hold on its disk; null: it is not held.</summary>
    public UnitHold? Hold { get; private set; }

    /// <summary>When a hold of it ended, last.</summary>
    public TimeSpan ReleasedAt { get; private set; } = TimeSpan.MinValue / 2;

    /// <summary>Which slot starts next: boot.json.</summary>
    public BootState Boot { get; set; } = FirmwareVersions.Initial;

    /// <summary>The new image is in the unit's store.</summary>
    public bool HasImage { get; set; }

    /// <summary>The journals of runs on its disk.</summary>
    public JournalShelf Journals { get; } = new();

    /// <summary>When it claimed the addresses, last.</summary>
    public TimeSpan LastClaimedAt { get; set; } = TimeSpan.MinValue / 2;

    /// <summary>When it was ready, last: its daemon said so of itself.</summary>
    public TimeSpan LastReadyAt { get; private set; } = TimeSpan.MinValue / 2;

    /// <summary>Since when it has been ready, with nothing that fails; null: it is not.</summary>
    public TimeSpan? WholeSince { get; private set; }

    /// <summary>The version that runs, or ran last.</summary>
    public SemanticVersion LastVersion { get; set; }

    /// <summary>A firewall lets no ICMP echo in.</summary>
    public bool DropsEcho { get; set; }

    /// <summary>What its kernel hands on to other units; null: nothing. It belongs to the daemon, and goes with it.</summary>
    public BucketTable? Table { get; set; }

    /// <summary>Until when the whole machine stands still, kernel and all.</summary>
    public TimeSpan StandsStillUntil { get; set; }

    /// <summary>More is asked of the machine than it can do; null: it is not.</summary>
    public Overload? Overload { get; set; }

    /// <summary>Writes to disk, and entries of sessions into the kernel, take long.</summary>
    public bool Slow { get; set; }

    /// <summary>The daemon that runs now.</summary>
    public UnitProcess? Process { get; set; }

    /// <summary>Takes traffic for the virtual addresses from the wire.</summary>
    public bool Forwards => Traffic != TrafficState.Muted;

    /// <summary>Writes the hold to disk.</summary>
    public void KeepHold(UnitHold? hold, TimeSpan now) => (Hold, ReleasedAt) = (hold, hold is null ? now : ReleasedAt);

    /// <summary>Its daemon looks at itself.</summary>
    public void Look(bool ready, int failures, TimeSpan now)
    {
        LastReadyAt = ready ? now : LastReadyAt;
        WholeSince = ready && failures == 0 ? WholeSince ?? now : null;
    }

    /// <summary>Does what the kernel does, now or when the machine stands still no more.</summary>
    public void WhenKernelRuns(Timeline timeline, Action work)
    {
        if (timeline.Now < StandsStillUntil)
        {
            timeline.At(StandsStillUntil, work);
        }
        else
        {
            work();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
