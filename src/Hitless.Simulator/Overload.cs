using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator;

/// <summary>
/// More is asked of a machine than it can do, all the time: its daemon is not scheduled, the whole machine stands still, each input takes
/// long (an emulated machine, twenty times slower). <c>Constant</c>: each time for about as long as the time before; else anything from
/// nothing to twice as long.
/// </summary>
internal sealed record Overload(
    bool Constant,
    TimeSpan StallEvery,
    TimeSpan StallFor,
    TimeSpan StandEvery,
    TimeSpan StandFor,
    double SlowInputs,
    TimeSpan SlowFor
)
{
    /// <summary>A load of its own for each seed.</summary>
    public static Overload Any(Chance chance)
    {
        TimeSpan Of(double least, double most) => chance.Happens(0.6) ? chance.Milliseconds(least, most) : TimeSpan.Zero;
        return new Overload(
            chance.Happens(0.6),
            chance.Milliseconds(40, 3000),
            Of(5, 250),
            chance.Milliseconds(150, 10000),
            Of(5, 200),
            chance.Happens(0.5) ? 0.3 : 0,
            chance.Milliseconds(0, 10)
        );
    }

    /// <summary>Begins on a unit; ends when the unit has another load or none.</summary>
    public void Begin(Simulation world, SimulatedUnit unit, Chance chance)
    {
        unit.Overload = this;
        Repeat(StallEvery, StallFor, length => unit.Process?.Stall(length));
        Repeat(StandEvery, StandFor, length =>
        {
            unit.StandsStillUntil = world.Timeline.Now + length;
            unit.Process?.Stall(length);
        });

        void Repeat(TimeSpan every, TimeSpan length, Action<TimeSpan> happen)
        {
            if (unit.Overload != this || length == TimeSpan.Zero)
            {
                return;
            }

            var now = Constant ? length * (0.9 + (0.2 * chance.Fraction())) : length * (2 * chance.Fraction());
            happen(now);
            world.Timeline.After(now + (every * (0.5 + chance.Fraction())), () => Repeat(every, length, happen));
        }
    }

    /// <summary>How long the next input takes before it is looked at; null: no time.</summary>
    public TimeSpan? Delay(Chance chance) =>
        SlowInputs > 0 && chance.Happens(SlowInputs) ? SlowFor * (Constant ? 1 : 2 * chance.Fraction()) : null;
}
