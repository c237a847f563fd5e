using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;

namespace Hitless.Simulator.Units;

/// <summary>
/// A model of a unit's session loop: a numbered stream of sessions from the sending unit, holes asked for again, at the beginning a
/// comparison of digests and the buckets that differ, and time between arrival and the entry into the kernel. Sessions are plain numbers
/// here.
/// </summary>
internal sealed class SessionLoop(Simulation world, UnitProcess process, Chance chance)
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan BulkPatience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan AppliedPatience = TimeSpan.FromMilliseconds(500);

    private const int Buckets = 16;

    private readonly List<int> sent = [];
    private readonly Dictionary<int, int> arrivedItems = [];
    private bool sending;
    private ulong ownStream;
    private SimulatedUnit? source;
    private ulong sourceStream;
    private bool loaded;
    private int arrived;
    private int applied;
    private bool applying;
    private TimeSpan bulkAskedAt;
    private int beginning;
    private Awaited? awaited;

    /// <summary>Positions up to which sessions were promised to be in the kernel before the coming claim; null: nobody asked.</summary>
    public int? Promised { get; private set; }

    /// <summary>The unit that offers its role and whose sessions the promise was about; null: there was no offer.</summary>
    public UnitId? OfferOf { get; private set; }

    /// <summary>Positions that were in the kernel when the promise was said to be kept.</summary>
    public int AppliedAtAnswer { get; private set; }

    /// <summary>The sessions that this unit has sent, in order.</summary>
    public IReadOnlyList<int> Sent => sent;

    /// <summary>Whether a session that is born here is sent, and from whom the table is fetched.</summary>
    public void SetRole(bool send, UnitId? from)
    {
        if (send && !sending)
        {
            sent.Clear();
            ownStream = chance.Bits();
        }

        sending = send;
        source = world.Units.FirstOrDefault(unit => unit.Serial == from);
        Restart();
    }

    /// <summary>The event socket overran: the table must be fetched again.</summary>
    public void Overrun()
    {
        Restart();
        process.Take(ClusterInput.SessionsLost());
    }

    /// <summary>The kernel reports a new session.</summary>
    public void Born(int session)
    {
        if (sending)
        {
            sent.Add(session);
            foreach (var other in world.Units)
            {
                if (other != process.Unit)
                {
                    Send(other, sent.Count - 1);
                }
            }
        }
    }

    public void Barrier(RequestId request) =>
        Later(() =>
        {
            if (sending)
            {
                process.Take(ClusterInput.BarrierReached(request, (ulong)sent.Count));
            }
        });

    public void AwaitApplied(RequestId request, UnitId peer, int sequence)
    {
        Promised = sequence;
        OfferOf = peer;
        var wanted = new Awaited(request, sequence, Offered: true, peer);
        awaited = wanted;
        world.Timeline.After(AppliedPatience, () =>
        {
            if (awaited == wanted)
            {
                awaited = null;
                process.Take(ClusterInput.SessionsApplied(request, ok: false));
            }
        });
        AnswerIfApplied();
    }

    public void Drain(RequestId request)
    {
        Promised = arrived;
        OfferOf = null;
        awaited = new Awaited(request, arrived, Offered: false, UnitId.None);
        AnswerIfApplied();
    }

    /// <summary>The promise has served its claim.</summary>
    public void ForgetPromise() => Promised = null;

    /// <summary>Gives what only this unit holds to the primary, if that can be reached.</summary>
    public void MergeInto(SimulatedUnit primary) =>
        Later(() =>
        {
            if (primary.Process is not { } taking || !world.Fabric.Reaches(process.Unit.Index, primary.Index))
            {
                return;
            }

            foreach (var session in process.Unit.Sessions.Except(primary.Sessions).ToArray())
            {
                primary.Sessions.Add(session);
                taking.Sessions.Born(session);
            }

            process.Take(ClusterInput.SessionsMerged($"the sessions of {process.Unit} are merged"));
        });

    private void Restart()
    {
        loaded = false;
        arrived = applied = 0;
        arrivedItems.Clear();
        bulkAskedAt = -BulkPatience;
        if (awaited is { Offered: false } drain)
        {
            awaited = drain with { Position = 0 };
            Promised = 0;
            AnswerIfApplied();
        }

        Ask(++beginning);
    }

    private void Ask(int since)
    {
        if (!process.Alive || since != beginning || source is not { } from)
        {
            return;
        }

        var now = world.Timeline.Now;
        if (loaded || now - bulkAskedAt >= BulkPatience)
        {
            bulkAskedAt = now;
            var (stream, position) = (sourceStream, loaded ? arrived : -1);
            world.Fabric.SendOnAll(process.Unit.Index, from.Index, () => from.Process?.Sessions.OnAsked(process.Unit, stream, position));
        }

        world.Timeline.After(AskEvery, () => Ask(since));
    }

    private void OnAsked(SimulatedUnit by, ulong stream, int position)
    {
        if (!sending)
        {
            return;
        }

        if (position >= 0 && stream == ownStream)
        {
            for (var at = position; at < sent.Count && at < position + 32; at++)
            {
                Send(by, at);
            }

            return;
        }

        var (head, id) = (sent.Count, ownStream);
        world.Timeline.After(chance.Milliseconds(5, 75), () =>
        {
            var digests = Digests();
            world.Fabric.Send(0, process.Unit.Index, by.Index, () => by.Process?.Sessions.OnLook(process.Unit, id, head, digests));
        });
    }

    private void OnLook(SimulatedUnit from, ulong stream, int head, ulong[] theirs)
    {
        if (from != source || loaded)
        {
            return;
        }

        var ours = Digests();
        int[] unequal = [.. Enumerable.Range(0, Buckets).Where(bucket => ours[bucket] != theirs[bucket])];
        world.Fabric.Send(0, process.Unit.Index, from.Index, () =>
            from.Process?.Sessions.OnBucketsAsked(process.Unit, stream, head, unequal)
        );
    }

    private void OnBucketsAsked(SimulatedUnit by, ulong stream, int head, int[] wanted)
    {
        if (!sending || stream != ownStream)
        {
            return;
        }

        int[] table = [.. process.Unit.Sessions.Where(session => wanted.Contains(session % Buckets))];
        world.Timeline.After(chance.Milliseconds(5, 75), () =>
            world.Fabric.Send(0, process.Unit.Index, by.Index, () => by.Process?.Sessions.OnBulk(process.Unit, stream, head, table))
        );
    }

    /// <summary>A sum of random numbers, so that two sets of one size and sum differ.</summary>
    private ulong[] Digests()
    {
        var digests = new ulong[Buckets];
        foreach (var session in process.Unit.Sessions)
        {
            digests[session % Buckets] += new Chance((ulong)session).Bits();
        }

        return digests;
    }

    private void Send(SimulatedUnit to, int position)
    {
        var (stream, session) = (ownStream, sent[position]);
        world.Fabric.SendOnAll(process.Unit.Index, to.Index, () => to.Process?.Sessions.OnArrived(process.Unit, stream, position, session));
    }

    private void OnBulk(SimulatedUnit from, ulong stream, int head, int[] table)
    {
        if (from != source || loaded || process.Ails(Runs.Firmware.NeverReady))
        {
            return;
        }

        sourceStream = stream;
        arrived = applied = head;
        arrivedItems.Clear();
        loaded = true;
        process.Unit.Sessions.UnionWith(table);
        process.Unit.SessionsWentOn = false;
        process.Take(ClusterInput.SessionsSynced(from.Serial));
    }

    private void OnArrived(SimulatedUnit from, ulong stream, int position, int session)
    {
        if (from != source || stream != sourceStream || !loaded || position < arrived)
        {
            return;
        }

        arrivedItems[position] = session;
        while (arrivedItems.ContainsKey(arrived))
        {
            arrived++;
        }

        Apply();
    }

    private void Apply()
    {
        if (applying || applied == arrived)
        {
            return;
        }

        applying = true;
        var (since, upTo) = (beginning, arrived);
        Later(() =>
        {
            applying = false;
            if (since == beginning && loaded)
            {
                for (; applied < upTo; applied++)
                {
                    process.Unit.Sessions.Add(arrivedItems[applied]);
                    arrivedItems.Remove(applied);
                }

                AnswerIfApplied();
            }

            Apply();
        });
    }

    private void AnswerIfApplied()
    {
        if (awaited is not { } wanted)
        {
            return;
        }

        var held = applied >= wanted.Position && (!wanted.Offered || (loaded && source?.Serial == wanted.Peer));
        if (held || world.Plant == Plant.ClaimWithoutSessions)
        {
            awaited = null;
            AppliedAtAnswer = applied;
            // Never from within the step that asked.
            world.Timeline.After(TimeSpan.Zero, () =>
                process.Take(wanted.Offered ? ClusterInput.SessionsApplied(wanted.Request, ok: true) : ClusterInput.Drained(wanted.Request))
            );
        }
    }

    private void Later(Action work) =>
        world.Timeline.After(process.Unit.Slow ? chance.Milliseconds(20, 400) : chance.Milliseconds(0.1, 1), () =>
        {
            if (process.Alive)
            {
                work();
            }
        });

    private sealed record Awaited(RequestId Request, int Position, bool Offered, UnitId Peer);
}
