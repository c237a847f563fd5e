using Hitless.Core.Wire;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// From which addresses on the heartbeat links which unit was heard, so that an answer of a kernel, or its refusal, is that of a unit.
/// Sixteen at most: four units on four links. Allocates nothing.
/// </summary>
internal sealed class HeardUnits
{
    private readonly (UnitId Unit, DatagramEndpoint From)[] known = new (UnitId, DatagramEndpoint)[16];
    private int count;

    /// <summary>An authentic heartbeat of <paramref name="unit"/> came from there; true if that is new.</summary>
    public bool Learn(UnitId unit, in DatagramEndpoint from)
    {
        for (var i = 0; i < count; i++)
        {
            if (known[i].Unit == unit && known[i].From == from)
            {
                return false;
            }
        }

        if (count == known.Length)
        {
            return false;
        }

        known[count++] = (unit, from);
        return true;
    }

    /// <summary>The unit that was heard from there; <see cref="UnitId.None"/>: nobody yet.</summary>
    public UnitId UnitAt(in DatagramEndpoint from)
    {
        for (var i = 0; i < count; i++)
        {
            if (known[i].From == from)
            {
                return known[i].Unit;
            }
        }

        return UnitId.None;
    }
}
