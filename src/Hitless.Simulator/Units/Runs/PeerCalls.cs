using Hitless.Simulator.Time;
using Hitless.Simulator.Units;

namespace Hitless.Simulator.Units.Runs;

/// <summary>How a call to another unit ended. <c>Reached</c> false: nobody answered, so whether it was carried out is not known.</summary>
internal readonly record struct PeerAnswer(bool Reached, bool Ok, string Text);

/// <summary>The units' own API: calls that arrive whole or fail, and that may have been carried out although the answer is lost.</summary>
internal sealed class PeerCalls(Simulation world, Chance chance)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Calls a unit; <paramref name="serve"/> runs in its process and answers once, <paramref name="done"/> runs in the caller's, if that
    /// still lives.
    /// </summary>
    public void Call(UnitProcess caller, SimulatedUnit unit, Action<UnitProcess, Action<bool, string>> serve, Action<PeerAnswer> done)
    {
        var open = true;
        void End(PeerAnswer answer)
        {
            if (open && caller.Alive)
            {
                open = false;
                done(answer);
            }
        }

        // A step that takes long keeps its connection; only silence ends a call.
        world.Timeline.After(chance.Milliseconds(0.5, 10), () =>
        {
            if (unit.Process is not { } served || !Connected(caller.Unit, unit))
            {
                world.Timeline.After(unit.Process is null ? TimeSpan.Zero : Patience, () =>
                    End(new PeerAnswer(Reached: false, Ok: false, $"{unit} is not reachable"))
                );
                return;
            }

            served.WhenScheduled(() => serve(served, (ok, text) => world.Timeline.After(chance.Milliseconds(0.5, 10), () =>
                    {
                        if (Connected(unit, caller.Unit))
                        {
                            End(new PeerAnswer(Reached: true, ok, text));
                        }
                        else
                        {
                            world.Timeline.After(Patience, () =>
                                End(new PeerAnswer(Reached: false, Ok: false, $"the answer of {unit} is lost"))
                            );
                        }
                    })));
            Watch(served, unit, End, () => open);
        });
    }

    /// <summary>A call ends when the process that serves it does.</summary>
    private void Watch(UnitProcess served, SimulatedUnit unit, Action<PeerAnswer> end, Func<bool> open)
    {
        if (!open())
        {
            return;
        }

        if (!served.Alive)
        {
            end(new PeerAnswer(Reached: false, Ok: false, $"{unit} closed the connection"));
        }
        else
        {
            world.Timeline.After(TimeSpan.FromMilliseconds(200), () => Watch(served, unit, end, open));
        }
    }

    private bool Connected(SimulatedUnit from, SimulatedUnit to) =>
        from == to
        || Enumerable
            .Range(0, world.Fabric.LinkCount)
            .Any(link => world.Fabric.Between(link, from.Index, to.Index).Up && world.Fabric.Between(link, to.Index, from.Index).Up);
}
