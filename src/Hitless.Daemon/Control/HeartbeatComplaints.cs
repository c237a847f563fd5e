using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Linux.Scheduling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// Says in words why datagrams on a heartbeat link are refused, when that is something that an operator can mend: another key, group or
/// version.
/// </summary>
public sealed class HeartbeatComplaints(int group, EventLog events)
{
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);
    private readonly HashSet<string> floods = new(StringComparer.Ordinal);
    private readonly Dictionary<(DatagramVerdict Verdict, string? Port), (TimeSpan At, TimeSpan ToldAt, string Text)> last = [];

    /// <summary>What was refused within the last seconds.</summary>
    public IReadOnlyList<string> Now => [.. last.Values.Where(l => MonotonicClock.Now - l.At < Lasting).Select(l => l.Text)];

    /// <summary>A datagram was refused. <paramref name="port"/>: it came through that port, where other clusters may be.</summary>
    public void Note(DatagramVerdict verdict, in DatagramEndpoint from, string? port)
    {
        var now = MonotonicClock.Now;
        if (last.TryGetValue((verdict, port), out var known) && now - known.ToldAt < Quiet)
        {
            last[(verdict, port)] = known with { At = now };
            return;
        }

        if ((port is null ? Describe(verdict, from) : DescribeStranger(verdict, port)) is { } text)
        {
            last[(verdict, port)] = (now, now, text);
            events.Add(EventKinds.Unit, text);
        }
    }

    /// <summary>Somebody floods a link or a port, or (null) no longer does: an event, once.</summary>
    public void NoteFlood(string where, string? problem)
    {
        if (problem is not null && floods.Add(where))
        {
            events.Add(EventKinds.Unit, problem);
        }
        else if (problem is null && floods.Remove(where))
        {
            events.Add(EventKinds.Unit, $"{where} is flooded no longer");
        }
    }

    /// <summary>A heartbeat was authentic, and is none that can be read.</summary>
    public void NoteNonsense(in DatagramEndpoint from, string? port)
    {
        // Accepted, and yet refused: no other verdict is both.
        var text =
            $"{(port is null ? $"the unit at {from}" : $"a unit heard through {port}")} has the cluster's key and says what makes no "
            + "sense: it is not listened to; look at the version and the log of that unit, and whether it is in other hands";
        Tell((DatagramVerdict.Accepted, port), text);
    }

    private void Tell((DatagramVerdict Verdict, string? Port) key, string text)
    {
        var now = MonotonicClock.Now;
        var quiet = last.TryGetValue(key, out var known) && now - known.ToldAt < Quiet;
        last[key] = (now, quiet ? known.ToldAt : now, text);
        if (!quiet)
        {
            events.Add(EventKinds.Unit, text);
        }
    }

    private string? DescribeStranger(DatagramVerdict verdict, string port) =>
        verdict == DatagramVerdict.BadTag
            ? $"another Hitless cluster on {port} has the group {group} too, so its virtual MACs are ours: give one of the two "
                + $"another cluster.group (or, if it is a unit of this cluster, our cluster.key)"
            : null;

    private string? Describe(DatagramVerdict verdict, in DatagramEndpoint from) =>
        verdict switch
        {
            DatagramVerdict.BadTag =>
                $"heartbeats from {from} do not fit our cluster key: copy cluster.key from one unit to all, then restart hitlessd",
            DatagramVerdict.OtherGroup =>
                $"heartbeats from {from} are of another group than {group}: set cluster.group to the same number on all units, or "
                    + $"give the other cluster links of its own",
            DatagramVerdict.UnsupportedMajor =>
                $"heartbeats from {from} speak another major version of the wire protocol: upgrade step by step, so that two "
                    + $"neighbouring versions always share one",
            _ => null,
        };
}
