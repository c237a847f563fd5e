using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Faults;

namespace Hitless.Simulator.Units.Runs;

/// <summary>
/// The change board of some lives: a gate stands before a step of their run, and a word is given for it after a while, or never. By the
/// seed alone, so that no other life is another one for it.
/// </summary>
internal static class GateKeeper
{
    private const string Board = "board";
    private const ulong EveryLife = 5;
    private static readonly string[] Places = [OutsideGate.Start, OutsideGate.Install, OutsideGate.Switch, OutsideGate.End];

    /// <summary>The gates of this life's run.</summary>
    public static IReadOnlyList<OutsideGate> Of(Simulation world) =>
        world.Plant == Plant.None && world.Seed % EveryLife == 2
            ? [new OutsideGate(Board, [Places[world.Seed / EveryLife % (ulong)Places.Length]], null, TimeoutMs: 15_000)]
            : [];

    /// <summary>A driver waits: the board hears of it, and speaks to every unit, for it does not know which one drives.</summary>
    public static void Noted(Simulation world, JournalEntry entry)
    {
        if (entry is not { Kind: JournalEntryKind.Command, Step: RunStep.GateWaits })
        {
            return;
        }

        var lot = (long)(world.Seed / EveryLife / (ulong)Places.Length);
        if (!world.Quiet && lot % 7 == 0)
        {
            return;
        }

        var word = new GateWord(Board, Pass: world.Quiet || lot % 5 != 0, null);
        world.Timeline.After(TimeSpan.FromMilliseconds(1 + (lot * 7919 % 6000)), () =>
        {
            foreach (var unit in world.Units)
            {
                unit.Process?.Runs.Say(word);
            }
        });
    }
}
