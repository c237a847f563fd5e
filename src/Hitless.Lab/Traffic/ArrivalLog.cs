using System.Numerics;

namespace Hitless.Lab.Traffic;

/// <summary>
/// Which numbered packets arrived, and the gaps between arrivals. All memory is taken at the start: taking an arrival in allocates nothing.
/// </summary>
public sealed class ArrivalLog
{
    /// <summary>Packets that can be numbered: an hour at one each millisecond.</summary>
    public const long Capacity = 3_600_000;

    private const int Listed = 64;

    // The first second is start-up (code being compiled, neighbours being asked for) and says nothing about gaps.
    private const long WarmUp = 1000;
    private static readonly long Notable = 5 * TrafficClock.Millisecond;

    private readonly ulong[] _seen = new ulong[(Capacity / 64) + 1];
    private readonly (long At, long Length)[] _gaps = new (long, long)[Listed];
    private int _gapCount;
    private long _duplicated;
    private long _last;
    private (long At, long Length) _longest;

    /// <summary>Takes packet <paramref name="number"/> in; numbers out of range are ignored.</summary>
    public void Take(long number, long now)
    {
        if (number is < 0 or >= Capacity)
        {
            return;
        }

        ref var word = ref _seen[number / 64];
        var bit = 1UL << (int)(number % 64);
        if ((word & bit) != 0)
        {
            _duplicated++;
            return;
        }

        word |= bit;
        if (number >= WarmUp && _last != 0)
        {
            TakeGap(now, now - _last);
        }

        _last = now;
    }

    /// <summary>The account of packets 0 to <paramref name="sent"/> − 1.</summary>
    public Arrivals Report(long sent)
    {
        var received = 0L;
        foreach (var word in _seen)
        {
            received += BitOperations.PopCount(word);
        }

        return new Arrivals(
            received,
            _duplicated,
            TrafficClock.Milliseconds(0, _longest.Length),
            _longest.At == 0 ? null : TrafficClock.TimeOf(_longest.At),
            [.. _gaps.Take(_gapCount).Select(gap => new Gap(TrafficClock.TimeOf(gap.At), TrafficClock.Milliseconds(0, gap.Length)))],
            [.. MissingRuns(sent).Take(Listed)]
        );
    }

    private void TakeGap(long now, long length)
    {
        if (length > _longest.Length)
        {
            _longest = (now, length);
        }

        if (length >= Notable && _gapCount < Listed)
        {
            _gaps[_gapCount++] = (now, length);
        }
    }

    private IEnumerable<MissingRun> MissingRuns(long sent)
    {
        long? first = null;
        for (var number = 0L; number <= Math.Min(sent, Capacity); number++)
        {
            var missing = number < sent && (_seen[number / 64] & (1UL << (int)(number % 64))) == 0;
            if (missing)
            {
                first ??= number;
            }
            else if (first is { } begun)
            {
                yield return new MissingRun(begun, number - 1);
                first = null;
            }
        }
    }
}
