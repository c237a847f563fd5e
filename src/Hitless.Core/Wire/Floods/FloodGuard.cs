using System.Globalization;

namespace Hitless.Core.Wire.Floods;

/// <summary>
/// Counts by their source the datagrams that one socket refuses, second by second; while they are a flood, wants the socket to take only
/// what may be a peer's next one (<see cref="Admission"/>), and names source and rate. Allocates nothing until there is a flood. One
/// thread's.
/// </summary>
/// <param name="kind">What the socket is for.</param>
/// <param name="group">The cluster's group.</param>
/// <param name="where">The socket, for people: "the heartbeat link on hb0".</param>
/// <param name="peers">The addresses of the link's peers.</param>
public sealed class FloodGuard(DatagramKind kind, int group, string where, IReadOnlyList<WireSource> peers)
{
    /// <summary>So many refused in a second are a flood, and named; of a sample that is sixteen, no chance.</summary>
    public const int FloodRate = 16 * Admission.SampleOfOthers;

    private const int SourcesMax = 16;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    /// <summary>So long after its last second a flood is over.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);
    private readonly (WireSource Source, long Count, DatagramVerdict Verdict)[] sources = new (WireSource, long, DatagramVerdict)[
        SourcesMax
    ];
    private readonly KnownSender[] senders = new KnownSender[Admission.SendersMax];
    private Admission admission = new(kind, group, Strict: false, [], [.. peers.Take(Admission.SendersMax)]);
    private int senderCount;
    private int nextSender;
    private long refused;
    private TimeSpan windowEnd;
    private TimeSpan calmAt = TimeSpan.MinValue;
    private bool changed = true;
    private string? problem;

    /// <summary>The socket, for people.</summary>
    public string Where => where;

    /// <summary>A flood lasts: the socket takes only what may be a peer's.</summary>
    public bool IsStrict => admission.Strict;

    /// <summary>Refused datagrams since the start, those that the kernel dropped estimated.</summary>
    public long RefusedCount { get; private set; }

    /// <summary>Who floods, how much, and what to do; null while nobody does.</summary>
    public string? ProblemAt(TimeSpan now) => now < calmAt ? problem : null;

    /// <summary>
    /// What the socket is to take from now on, if that is another than before: when a flood begins or ends, each second while it lasts, and
    /// for a socket that is new (<see cref="Renew"/>).
    /// </summary>
    public bool TakeChange(TimeSpan now, out Admission wanted)
    {
        Roll(now);
        wanted = admission;
        if (!changed)
        {
            return false;
        }

        changed = false;
        return true;
    }

    /// <summary>The socket is another: it has to be told what to take.</summary>
    public void Renew() => changed = true;

    /// <summary>A datagram was authentic.</summary>
    public void NoteAccepted(in DatagramHeader header, in WireSource source, TimeSpan now)
    {
        var known = new KnownSender(header.Incarnation, source, header.Sequence);
        for (var i = 0; i < senderCount; i++)
        {
            ref var sender = ref senders[i];
            if (sender.Incarnation == header.Incarnation && sender.Source == source)
            {
                sender = header.Sequence > sender.Sequence ? known : sender;
                return;
            }
        }

        // The next one of a unit that has restarted must not wait for the next second.
        senders[nextSender] = known;
        nextSender = (nextSender + 1) % Admission.SendersMax;
        senderCount = Math.Min(senderCount + 1, Admission.SendersMax);
        if (IsStrict)
        {
            Tighten(now);
        }
    }

    /// <summary>A datagram was refused; <paramref name="datagram"/> as it came.</summary>
    public void NoteRefused(DatagramVerdict verdict, ReadOnlySpan<byte> datagram, in WireSource source, TimeSpan now)
    {
        Roll(now);
        var weight = Math.Max(1, admission.WeightOf(datagram, source));
        refused += weight;
        RefusedCount += weight;
        ref var slot = ref SlotOf(source);
        slot = (source, slot.Count + weight, verdict);
        if (!IsStrict && refused >= FloodRate)
        {
            Tighten(now);
        }
    }

    /// <summary>The slot of a source, or of the one with the fewest, whose count it inherits: a flood cannot hide behind many.</summary>
    private ref (WireSource Source, long Count, DatagramVerdict Verdict) SlotOf(in WireSource source)
    {
        var least = 0;
        for (var i = 0; i < SourcesMax; i++)
        {
            if (sources[i].Source == source)
            {
                return ref sources[i];
            }

            least = sources[i].Count < sources[least].Count ? i : least;
        }

        return ref sources[least];
    }

    private void Roll(TimeSpan now)
    {
        if (now < windowEnd)
        {
            return;
        }

        // Where nobody has looked for longer, what was counted came within that.
        var seconds = Math.Max(1, (now - windowEnd + Window).TotalSeconds);
        if (refused >= FloodRate * seconds)
        {
            (calmAt, problem) = (now + Lasting, Describe(refused / seconds));
        }

        Array.Clear(sources);
        refused = 0;
        windowEnd = now + Window;
        if (now < calmAt)
        {
            Tighten(now);
        }
        else if (IsStrict)
        {
            (admission, changed) = (admission with { Strict = false, Senders = [] }, true);
        }
    }

    private void Tighten(TimeSpan now)
    {
        calmAt = calmAt > now ? calmAt : now + Window + Window;
        (admission, changed) = (admission with { Strict = true, Senders = [.. senders.AsSpan(0, senderCount)] }, true);
    }

    private string Describe(double rate)
    {
        var most = sources.MaxBy(each => each.Count);
        var share = Math.Min(100, most.Count * 100 / refused);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{where} is flooded: about {Rounded(rate)} datagrams a second are refused, {share} % of them from {most.Source} "
                + $"({Why(most.Verdict)}): find who sends them, and keep that host off this network; the units' own are taken"
        );
    }

    /// <summary>Two digits: it is an estimate.</summary>
    private static long Rounded(double rate)
    {
        var unit = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(Math.Max(rate, 1))) - 1));
        return (long)(Math.Round(rate / unit) * unit);
    }

    private static string Why(DatagramVerdict verdict) =>
        verdict switch
        {
            DatagramVerdict.Replayed => "recordings of former datagrams",
            DatagramVerdict.BadTag => "forged: their tags do not fit",
            DatagramVerdict.TooManyUnknown => "of senders that nobody knows, most likely forged",
            DatagramVerdict.Own => "our own that come back: a loop in the network",
            DatagramVerdict.OtherGroup => "of another cluster's group",
            _ => "not Hitless's own",
        };
}
