using Hitless.Core.Upgrade;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// Fetches from the primary what this unit's journal lacks. The driver tells every reachable unit each entry, but a unit that was just
/// starting when the last one was written would otherwise hold a run for open that has ended.
/// </summary>
public sealed class JournalFollower(
    string self,
    ControlLoop control,
    JournalStore store,
    PeerClient peers,
    Action<IReadOnlyList<JournalEntry>> learn
)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private ulong fetchedFrom;

    /// <summary>Follows until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var change = Task.WhenAny(control.Changes.Next, store.Changes.Next);
            var primary = (await control.ViewAsync()).Primary;
            if (primary is null || primary.Name == self || (primary.Tag == fetchedFrom && !RunJournal.IsOpen(store.Last())))
            {
                await ChangeSignal.WaitAsync(change, Timeout.InfiniteTimeSpan, cancel);
                continue;
            }

            try
            {
                learn(
                    (
                        await peers.CallAsync(
                            primary.Name,
                            UpgradeCalls.GetJournal,
                            new StepRequest("", "", "", "", self),
                            CallTimeout,
                            cancel
                        )
                    ).Entries
                );
                fetchedFrom = primary.Tag;
            }
            catch (Exception e) when (e is PeerException or IOException)
            {
                // It is starting too, or gone, or our disk is full: the next look tells.
            }

            await Task.Delay(LookEvery, cancel);
        }
    }
}
