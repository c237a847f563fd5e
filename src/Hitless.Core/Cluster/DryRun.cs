namespace Hitless.Core.Cluster;

/// <summary>
/// Two units in thought, which elect a primary, switch over, and lose one to a power cut. Nothing comes of it but that the runtime has compiled and looked up, before the first real
/// takeover of a process, what it would otherwise compile and look up in the middle of it: some milliseconds, in which nobody forwards.
/// </summary>
public sealed class DryRun
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan SwitchAt = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CutAt = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan End = TimeSpan.FromSeconds(5);
    private readonly Queue<(Unit To, ClusterInput Input)> inputs = new();
    private readonly List<string> claims = [];
    private TimeSpan now;

    private DryRun()
    {
    }

    /// <summary>Lives through it; the names of those who claimed the addresses, in order.</summary>
    public static IReadOnlyList<string> Live()
    {
        var run = new DryRun();
        run.Live(run.Make("a", 1), run.Make("b", 2));
        return run.claims;
    }

    private void Live(Unit a, Unit b)
    {
        (a.Other, b.Other) = (b, a);
        for (; now < End; now += Beat)
        {
            if (now == SwitchAt)
            {
                inputs.Enqueue((a.Machine.Role == UnitRole.Primary ? a : b, ClusterInput.SwitchoverRequested(null, "tried")));
            }

            if (now == CutAt)
            {
                var standby = a.Machine.Role == UnitRole.Primary ? b : a;
                standby.Other!.Off = true;
                inputs.Enqueue((standby, ClusterInput.CableLost(others: true)));
            }

            inputs.Enqueue((a, ClusterInput.Tick));
            inputs.Enqueue((b, ClusterInput.Tick));
            while (inputs.TryDequeue(out var next))
            {
                next.To.Step(next.Input);
            }
        }
    }

    private Unit Make(string name, ulong id) => new(this, new ClusterOptions(id, id, name, "0.0.0", WireMinor: 0) { PortCount = 1 });

    private sealed class Unit : IClusterEffects
    {
        private readonly DryRun run;
        private readonly ClusterOptions options;

        public Unit(DryRun run, ClusterOptions options)
        {
            (this.run, this.options) = (run, options);
            Machine = new ClusterMachine(options, TimeSpan.Zero, this);
            run.inputs.Enqueue((this, ClusterInput.PortsChanged(1)));
        }

        public ClusterMachine Machine { get; }

        public Unit? Other { get; set; }

        public bool Off { get; set; }

        public void Step(in ClusterInput input)
        {
            if (!Off)
            {
                Machine.Step(input, run.now, this);
            }
        }

        void IClusterEffects.SetTraffic(TrafficState state)
        {
            if (state == TrafficState.Claimed)
            {
                run.claims.Add(options.Name);
            }
        }

        void IClusterEffects.SendHeartbeat()
        {
            // A machine speaks while it is made already.
            if (Other is { } other)
            {
                run.inputs.Enqueue((other, ClusterInput.HeartbeatReceived(options.Self, options.Tag, Machine.Outgoing)));
            }
        }

        void IClusterEffects.SetSessionRole(bool sending, ulong? syncFrom)
        {
            if (syncFrom is { } other)
            {
                Answer(ClusterInput.SessionsSynced(other));
            }
        }

        void IClusterEffects.Barrier(uint ticket) => Answer(ClusterInput.BarrierReached(ticket, sequence: 1));

        void IClusterEffects.AwaitApplied(uint ticket, ulong peer, ulong sequence) => Answer(ClusterInput.SessionsApplied(ticket, ok: true));

        void IClusterEffects.Drain(uint ticket) => Answer(ClusterInput.Drained(ticket));

        void IClusterEffects.RenewClaim(ClaimTerm term)
        {
        }

        void IClusterEffects.TakeAnyWindow(bool any)
        {
        }

        void IClusterEffects.Announce()
        {
        }

        void IClusterEffects.AskKernels(uint question)
        {
        }

        void IClusterEffects.LookForVirtualMac()
        {
        }

        void IClusterEffects.MergeSessions(ulong primary)
        {
        }

        void IClusterEffects.Record(string kind, string text)
        {
        }

        void IClusterEffects.SwitchoverEnded(bool done, string text)
        {
        }

        void IClusterEffects.Stopped()
        {
        }

        private void Answer(in ClusterInput input) => run.inputs.Enqueue((this, input));
    }
}
