using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <content>Units that are not who they seem to be: two with one id, two with one name, one with another key
/// (docs/decisions/0042).</content>
public sealed partial class ClusterMachine
{
    /// <summary>So long two incarnations of one id must speak side by side before that is no restart any more.</summary>
    private static readonly TimeSpan RivalTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RivalMemory = TimeSpan.FromSeconds(10);

    private void OnTwin(in ClusterInput input, TimeSpan now, IClusterEffects effects)
    {
        var heartbeat = input.Heartbeat!;
        var proven = heartbeat.Hears(options.Self, options.Tag);
        greetAt = input.Flag ? now : greetAt;
        if (twin.Heard(input.Tag, heartbeat, proven, Role != UnitRole.None, AgeAt(now), now))
        {
            effects.Record(EventKinds.Unit, DescribeTwin());
        }

        if (twin.Yields && phase != Phase.Starting)
        {
            YieldToTwin(now, effects);
        }
    }

    private void YieldToTwin(TimeSpan now, IClusterEffects effects)
    {
        var handing = phase == Phase.Handing && handover.ForOperator;
        outgoing.Offer = null;
        if (Role == UnitRole.Primary || phase == Phase.Draining)
        {
            Unclaim(TrafficState.Muted, effects);
            effects.SetSessionRole(sending: false, syncFrom: null);
        }

        everDecided = false;
        synced = false;
        source.Forget();
        announcements.End();
        Enter(Phase.Starting, now);
        effects.Record(EventKinds.Role, $"{options.Name} has no role any more: {DescribeTwin()}");
        if (handing)
        {
            effects.SwitchoverEnded(done: false, DescribeTwin());
        }

        Tell(now, effects);
    }

    private string DescribeTwin() =>
        twin.Yields
            ? $"{twin.Name} has the same unit-id as this unit and was there before (is this a cloned machine?): this unit stays "
                + $"mute; delete the file unit-id in the state directory of this unit and restart hitlessd"
            : $"{twin.Name} has the same unit-id as this unit (is it a cloned machine?): it stays mute; delete the file unit-id in "
                + $"the state directory of {twin.Name} and restart hitlessd there";

    /// <summary>
    /// The incarnation of <paramref name="peer"/> that is believed still speaks: another one that does too is no restart, but another unit
    /// with its id.
    /// </summary>
    private bool IsRival(Peer peer, string name, TimeSpan now)
    {
        if (peer.Tag == IncarnationTag.None || peer.Absent || now - peer.HeardAt >= options.Silence)
        {
            return false;
        }

        peer.RivalSince = IsOver(peer.RivalAt, RivalMemory, now) ? now : peer.RivalSince;
        (peer.RivalAt, peer.RivalName) = (now, name);
        return true;
    }

    private bool AddressesAreTaken(TimeSpan now, IClusterEffects effects)
    {
        // Whose kernel may be forwarding is, before the first decision, any unit that was not heard yet.
        var alone = !everDecided && (peers.Met == 0 || peers.Met < options.UnitCount - 1);
        var blocks = addresses.Blocks(alone, source.Unit, now, out var ask);
        if (ask)
        {
            effects.AskForAddresses();
        }

        if (blocks && addresses.ProblemAt(now) is { } problem && problem != reason)
        {
            reason = problem;
            effects.Record(EventKinds.Role, $"{options.Name} does not claim: {problem}");
        }

        return blocks;
    }

    private IEnumerable<string> IdentityProblemsAt(TimeSpan now)
    {
        if (Role != UnitRole.Primary && addresses.ProblemAt(now) is { } taken)
        {
            yield return taken;
        }

        foreach (var problem in AbsurdProblemsAt(now))
        {
            yield return problem;
        }

        if (twin.IsThere(now))
        {
            yield return DescribeTwin();
        }

        foreach (
            var peer in peers.All.Where(peer => !IsOver(peer.RivalAt, RivalMemory, now) && peer.RivalAt - peer.RivalSince >= RivalTime)
        )
        {
            yield return $"two units have the unit-id of {peer.Last.Name} (one is named {peer.RivalName}; is it a cloned machine?): "
                + $"delete the file unit-id in the state directory of the one that is not in the cluster and restart hitlessd there";
        }

        var names = peers.All.Where(peer => !peer.Absent).Select(peer => peer.Last.Name).Append(options.Name);
        foreach (var name in names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return $"{name.Count()} units are named {name.Key}: give each a unit.name of its own and restart hitlessd there; "
                + $"what is shown of {name.Key} may be of either";
        }
    }
}
