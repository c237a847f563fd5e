using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>The control loop's thread is real-time scheduled: in steady state its machine costs no garbage collection.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Two_units_that_hear_each_other_allocate_nothing()
    {
        var (a, b) = (new QuietUnit(1, 200), new QuietUnit(2, 100));
        Run(a, b, 5000);
        Assert.Equal((UnitRole.Primary, UnitRole.Standby, true), (a.Machine!.Role, b.Machine!.Role, b.Machine.Synced));

        Allocation.AssertNone(() => Run(a, b, 3000));
        Assert.InRange(a.Sent + b.Sent, 500, int.MaxValue);
    }

    private static void Run(QuietUnit a, QuietUnit b, int milliseconds)
    {
        for (var i = 0; i < milliseconds; i++)
        {
            a.Tick();
            b.Tick();
            a.Deliver(b);
            b.Deliver(a);
        }
    }

    /// <summary>A machine whose kernel and session loop do at once what they are asked for, and whose heartbeats always arrive.</summary>
    private sealed class QuietUnit : IClusterEffects
    {
        private readonly byte[] wire = new byte[HeartbeatCodec.LengthMax];
        private readonly Heartbeat heard = new();
        private readonly UnitId id;
        private readonly IncarnationTag tag;
        private TimeSpan now = TimeSpan.FromSeconds(100);
        private int length;
        private uint asked;
        private RequestId drained;
        private UnitId fetched;

        public QuietUnit(ulong number, byte priority)
        {
            (id, tag) = (new UnitId(number), new IncarnationTag((number << 8) + 1));
            Machine = new ClusterMachine(new ClusterOptions(id, tag, $"gw{number}", "1.0.0", 1) { Priority = priority }, now, this);
        }

        // Its first heartbeat is sent while it is made.
        public ClusterMachine? Machine { get; }

        public int Sent { get; private set; }

        public void Tick()
        {
            now += TimeSpan.FromMilliseconds(1);
            if (drained != RequestId.None)
            {
                Step(ClusterInput.Drained(drained));
                drained = RequestId.None;
            }

            if (fetched != UnitId.None)
            {
                Step(ClusterInput.SessionsSynced(fetched));
                fetched = UnitId.None;
            }

            if (now >= Machine!.NextDeadline)
            {
                Step(ClusterInput.Tick);
            }
        }

        /// <summary>What this unit has sent, and the answer of the other's kernel to what it has asked.</summary>
        public void Deliver(QuietUnit to)
        {
            if (length > 0 && HeartbeatCodec.TryRead(wire.AsSpan(0, length), to.heard))
            {
                to.Step(ClusterInput.HeartbeatReceived(id, tag, (ulong)Sent, to.heard));
                length = 0;
            }

            if (asked != 0)
            {
                Step(ClusterInput.KernelAnswered(to.id, asked));
                asked = 0;
            }
        }

        void IClusterEffects.SendHeartbeat()
        {
            Sent++;
            length = Machine is { } machine ? HeartbeatCodec.Write(machine.Outgoing, machine.AgreedWireMinor, wire) : 0;
        }

        void IClusterEffects.AskKernels(uint question) => asked = question;

        void IClusterEffects.Drain(RequestId request) => drained = request;

        void IClusterEffects.SetTraffic(TrafficState state) { }

        void IClusterEffects.RenewClaim(ClaimTerm term) { }

        void IClusterEffects.TakeAnyWindow(bool any) { }

        void IClusterEffects.Announce() { }

        void IClusterEffects.LookForVirtualMac() { }

        void IClusterEffects.AskForAddresses() { }

        void IClusterEffects.MergeSessions(UnitId primary) { }

        void IClusterEffects.SetSessionRole(bool sending, UnitId? syncFrom) => fetched = syncFrom ?? UnitId.None;

        void IClusterEffects.Barrier(RequestId request) { }

        void IClusterEffects.AwaitApplied(RequestId request, UnitId peer, ulong sequence) { }

        void IClusterEffects.KeepHold(UnitHold? hold) { }

        void IClusterEffects.Record(string kind, string text) { }

        void IClusterEffects.SwitchoverEnded(bool done, string text) { }

        void IClusterEffects.Stopped() { }

        private void Step(in ClusterInput input) => Machine!.Step(input, now, this);
    }
}
