using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// What a <see cref="ClusterMachine"/> wants done. Implemented by the daemon's control loop and by the simulator. Nothing here may block.
/// </summary>
public interface IClusterEffects
{
    /// <summary>Make the kernel so, in one transaction.</summary>
    void SetTraffic(TrafficState state);

    /// <summary>
    /// Let the kernel's claim stand for <paramref name="term"/> from now. Before the heartbeat that the same step sends, so that the time
    /// of both begins together.
    /// A claim that is over already must stay over.
    /// </summary>
    void RenewClaim(ClaimTerm term);

    /// <summary>
    /// Whether the kernel takes TCP packets of any window. A unit that ceased to be primary has sessions that go on elsewhere: until it has
    /// compared them, their next
    /// packets look as if they acknowledged what nobody had sent (RFC 9293 section 3.4), and a strict firewall would end every one of them,
    /// should the unit have to take over.
    /// </summary>
    void TakeAnyWindow(bool any);

    /// <summary>Gratuitous ARP and unsolicited NA for every virtual address, from the virtual MAC.</summary>
    void Announce();

    /// <summary>
    /// Send <see cref="ClusterMachine.Outgoing"/> on every heartbeat link, and through every port too while
    /// <see cref="ClusterMachine.SpeaksOverTraffic"/>.
    /// </summary>
    void SendHeartbeat();

    /// <summary>
    /// Ask the kernel of every other unit whether it is there, on every heartbeat link, and through the ports where that can be; each
    /// answer comes as <see cref="ClusterInput.KernelAnswered"/> with that number.
    /// </summary>
    void AskKernels(uint question);

    /// <summary>Look whether frames came from our own virtual MAC; if so, tell with <see cref="ClusterInput.VirtualMacHeard"/>.</summary>
    void LookForVirtualMac();

    /// <summary>
    /// Ask the networks on all ports who has the virtual addresses; an answer from our own virtual MAC comes as
    /// <see cref="ClusterInput.AddressesAnswered"/>.
    /// </summary>
    void AskForAddresses();

    /// <summary>
    /// This unit was primary beside <paramref name="primary"/>, which remains: give it the sessions that only this unit has; answer with
    /// <see cref="ClusterInput.SessionsMerged"/>.
    /// </summary>
    void MergeSessions(UnitId primary);

    /// <summary>Whether to send this kernel's session events, and from whom to fetch the table (null: from nobody).</summary>
    void SetSessionRole(bool sending, UnitId? syncFrom);

    /// <summary>Send all that the kernel has reported so far; answer with <see cref="ClusterInput.BarrierReached"/>.</summary>
    void Barrier(RequestId request);

    /// <summary>
    /// Apply what <paramref name="peer"/> sent up to <paramref name="sequence"/>; answer with <see cref="ClusterInput.SessionsApplied"/>.
    /// </summary>
    void AwaitApplied(RequestId request, UnitId peer, ulong sequence);

    /// <summary>Apply all that has arrived; answer with <see cref="ClusterInput.Drained"/>.</summary>
    void Drain(RequestId request);

    /// <summary>
    /// Keep the hold where a restart and a reboot find it (<see cref="ClusterOptions.Hold"/>); null: this unit is not held any more.
    /// </summary>
    void KeepHold(UnitHold? hold);

    /// <summary>Something that an operator wants to read later.</summary>
    void Record(string kind, string text);

    /// <summary>A requested switchover has ended.</summary>
    void SwitchoverEnded(bool done, string text);

    /// <summary>The unit has left the cluster in good order; the process may end.</summary>
    void Stopped();
}
