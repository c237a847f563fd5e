using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Daemon.Common;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// Asks on a standby, every ten seconds on each interface where the primary is heard, whether its virtual MAC passes there
/// (docs/decisions/0044): ARP probes for a virtual address, which change nobody's cache. One thread's.
/// </summary>
public sealed class VirtualMacWatch(IReadOnlyList<TrafficPort> ports, InBandHearing hearing, EventLog events) : IWatchDuty
{
    private static readonly TimeSpan RoundInterval = TimeSpan.FromSeconds(10);
    private readonly VirtualMacJudge[] judges = [.. ports.Select(_ => new VirtualMacJudge())];
    private readonly AddressQuestion?[] questions = new AddressQuestion?[ports.Count];
    private readonly bool[] broadcastAnswered = new bool[ports.Count];
    private volatile IReadOnlyList<string> problems = [];
    private TimeSpan nextRound;
    private Phase phase;

    private enum Phase
    {
        Idle,
        BroadcastAsked,
        DirectAsked,
    }

    /// <summary>One line for each interface whose network does not let the virtual MAC pass.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>One step of a round; its answers are read at the next one.</summary>
    public void Tick(TimeSpan now)
    {
        switch (phase)
        {
            case Phase.Idle when now >= nextRound:
                nextRound = now + RoundInterval;
                Open(now);
                Ask(directly: false);
                phase = Phase.BroadcastAsked;
                break;
            case Phase.BroadcastAsked:
                Array.Clear(broadcastAnswered);
                Each((port, question) => broadcastAnswered[port] = question.TryReceive());
                Ask(directly: true);
                phase = Phase.DirectAsked;
                break;
            case Phase.DirectAsked:
                Judge(now);
                phase = Phase.Idle;
                break;
            default:
                break;
        }
    }

    private void Open(TimeSpan now)
    {
        using var links = new LinkTable();
        for (var i = 0; i < ports.Count; i++)
        {
            try
            {
                questions[i] =
                    ports[i].VirtualMac is not null
                    && AddressQuestion.Suits(ports[i])
                    && hearing.IsHeard(i, now)
                    && links.Find(ports[i].Name) is { } link
                        ? new AddressQuestion(link.Index, link.Mac, ports[i])
                        : null;
            }
            catch (IOException)
            {
                // The interface went while it was looked for: nothing is known of it in this round.
                questions[i] = null;
            }
        }
    }

    private void Ask(bool directly) => Each((_, question) => question.Ask(directly));

    private void Judge(TimeSpan now)
    {
        for (var i = 0; i < ports.Count; i++)
        {
            judges[i].Take(questions[i] is not null && hearing.IsHeard(i, now), broadcastAnswered[i], questions[i]?.TryReceive() ?? false);
            questions[i]?.Dispose();
            questions[i] = null;
        }

        List<string> found = [.. ports.Zip(judges, (port, judge) => Words(port, judge.Verdict)).OfType<string>()];
        foreach (var problem in found.Except(problems))
        {
            events.Add(EventKinds.Unit, problem);
        }

        problems = found;
    }

    private void Each(Action<int, AddressQuestion> act)
    {
        for (var i = 0; i < questions.Length; i++)
        {
            if (questions[i] is { } question)
            {
                act(i, question);
            }
        }
    }

    private static string? Words(TrafficPort port, VirtualMacVerdict verdict) =>
        verdict switch
        {
            VirtualMacVerdict.NothingFrom =>
                $"frames from the virtual MAC {port.VirtualMac} do not arrive on {port.Name}, though the primary's own do: "
                    + "allow them on its port (hypervisor: forged transmits and MAC changes; switch: port security, source guard), "
                    + "or set virtual-mac: off for this interface",
            VirtualMacVerdict.NothingTo =>
                $"frames to the virtual MAC {port.VirtualMac} do not reach the primary on {port.Name}, though those from it arrive: "
                    + "let them through to its port (hypervisor: promiscuous mode or MAC learning; switch: static MAC tables), "
                    + "or set virtual-mac: off for this interface",
            _ => null,
        };
}
