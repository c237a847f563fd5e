using Hitless.Core.Cluster;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Control;

/// <content>What comes in: the kernel's news, heartbeats, and answers.</content>
public sealed partial class ControlLoop
{
    /// <summary>What the poller told of a token.</summary>
    private void Read(int token, bool failed, ref int budget)
    {
        if (token == links.Count)
        {
            ReadKernel();
        }
        else if (!links.IsAddressAnswer(token))
        {
            ReadWays(token, failed, ref budget);
        }
        else if (links.TryReadAddressAnswer(token))
        {
            Step(ClusterInput.AddressesAnswered);
        }
    }

    private void ReadWays(int token, bool failed, ref int budget)
    {
        if (links.IsEcho(token))
        {
            ReadEchoes(token, ref budget);
        }
        else
        {
            ReadLink(token, failed, ref budget);
        }
    }

    private void NoteLinks()
    {
        if (links.Usable != linksUsable)
        {
            linksUsable = links.Usable;
            Step(ClusterInput.LinksChanged(linksUsable));
        }
    }

    private void ReadKernel()
    {
        var changed = kernel.ReadChanges();
        links.Follow();
        NoteLinks();
        links.OpenPorts(kernel.IndexOf);
        sessions.Give(static each => each.FollowLinks());
        if (kernel.TakeCableLost(out var others))
        {
            Step(ClusterInput.CableLost(others));
        }

        if (changed)
        {
            Step(ClusterInput.PortsChanged(kernel.PortsUp));
        }
    }

    private void ReadLink(int link, bool refused, ref int budget)
    {
        if (links.TryReceive(link, ref budget, out var header, out var heartbeat, out var from))
        {
            var overTraffic = links.IsPort(link);
            var (unit, tag) = (header.UnitId, header.Incarnation.Tag);
            if (overTraffic && unit != identity.Id && heartbeat.Role == UnitRole.Primary)
            {
                hearing.Heard(links.PortOf(link), MonotonicClock.Now);
            }

            var input =
                unit == identity.Id
                    ? ClusterInput.TwinHeard(tag, heartbeat, overTraffic)
                    : ClusterInput.HeartbeatReceived(unit, tag, header.Sequence, heartbeat, overTraffic, link);
            Step(input);

            if (heartbeat.HeardOf(identity.Tag) > links.SentUpTo && machine.Believes(input))
            {
                NoteSetBack(heartbeat.Name);
            }

            // A recording from before our start must not teach where a unit is to be called.
            if (unit != identity.Id && !overTraffic && machine.Believes(input) && heard.Learn(unit, from))
            {
                directory.Learn(heartbeat.Name, from.ToIPEndPoint().Address);
            }
        }

        if (links.TakeStranger(MonotonicClock.Now, out var stranger))
        {
            Step(ClusterInput.StrangerHeard(stranger));
        }

        while (refused && budget-- > 0 && links.TryReadRefusal(link, out var by))
        {
            Step(ClusterInput.DaemonEnded(heard.UnitAt(by)));
        }
    }

    /// <summary>
    /// A unit has heard more of this incarnation than it has said: the machine goes on from a snapshot, and what it says would bear numbers
    /// that are used up, which costs its secrets and which nobody believes (docs/decisions/0069).
    /// </summary>
    private void NoteSetBack(string by)
    {
        if (SetBack is { } tell)
        {
            SetBack = null;
            errands.Do(() => tell(by));
        }
    }

    private void ReadEchoes(int token, ref int budget)
    {
        if (links.IsPortEcho(token))
        {
            while (links.TryReadPortAnswer(token, ref budget, out var asked, out var unit))
            {
                Step(ClusterInput.KernelAnswered(unit, asked, overTraffic: true));
            }

            return;
        }

        while (links.TryReadAnswer(token, ref budget, out var question, out var link, out var by))
        {
            Step(ClusterInput.KernelAnswered(heard.UnitAt(by), question, link: link));
        }
    }
}
