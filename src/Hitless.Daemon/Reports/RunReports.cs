using System.Collections.Concurrent;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Changes;
using Hitless.Daemon.Common;
using Hitless.Daemon.Keys;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Reports;

/// <summary>The members of a run as they are now.</summary>
public delegate Task<IReadOnlyList<ReportUnit>> UnitsNow(IReadOnlyList<JournalEntry> journal, CancellationToken cancel);

/// <summary>
/// Makes the report of a run when it has ended, and keeps it: the journal, the units as they are then, and what is otherwise around the
/// traffic than before the run.
/// </summary>
public sealed class RunReports(UnitSettings settings, JournalStore journals, KeyHolder keys, PeerClient peers, RunSurroundings surroundings)
{
    private const int Looks = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, Task> making = new(StringComparer.Ordinal);

    /// <summary>Answers the units that make a report of their own, or have lost theirs.</summary>
    public void Map(PeerServer server)
    {
        server.Map(UpgradeCalls.CompareSurroundings, (question, cancel) => surroundings.CompareAsync(question.Run, cancel));
        server.Map(UpgradeCalls.ReadReport, (question, _) => Task.FromResult(new ReportDocument(journals.Reports.Read(question.Run))));
    }

    /// <summary>The run has ended and its journal is whole here: makes its report beside everything else.</summary>
    public void Make(IReadOnlyList<JournalEntry> journal, UnitsNow unitsNow) =>
        _ = making.GetOrAdd(journal[0].Run, _ => Task.Run(() => MakeAsync(journal, unitsNow)));

    /// <summary>The report as it was kept, once it is made; of an open run, or one whose report is lost, what the journal says.</summary>
    public async Task<RunReport> ReadAsync(IReadOnlyList<JournalEntry> journal, UnitsNow unitsNow, CancellationToken cancel)
    {
        var run = journal[0].Run;
        if (making.TryGetValue(run, out var made))
        {
            await made.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return journals.Reports.Read(run) ?? RunView.Report(journal, await unitsNow(journal, cancel));
    }

    private async Task MakeAsync(IReadOnlyList<JournalEntry> journal, UnitsNow unitsNow)
    {
        if (journals.Reports.Read(journal[0].Run) is not null)
        {
            return;
        }

        var units = await unitsNow(journal, CancellationToken.None);
        var report = RunView.Report(journal, units) with { Changes = await ChangesAsync(journal[0].Run, units) };
        using var seal = new ReportSeal(keys.Now.Sending);
        journals.Reports.Keep(seal.Sign(report));
    }

    /// <summary>Something may be still on its way up: what nobody expects is looked at again.</summary>
    private async Task<ReportChanges> ChangesAsync(string run, IReadOnlyList<ReportUnit> members)
    {
        for (var look = 1; ; look++)
        {
            var units = await Task.WhenAll(members.Select(member => AskAsync(member, run)));
            var changes = SurroundingsComparison.Compare(units, settings.Upgrade.Expect, settings.Ignored);
            if (look == Looks || changes.Found.All(change => change.Expected))
            {
                return changes;
            }

            await Task.Delay(BetweenLooks);
        }
    }

    private async Task<UnitBeforeAndAfter> AskAsync(ReportUnit member, string run)
    {
        var unit = member.Name;
        if (!member.WasHeard)
        {
            return new UnitBeforeAndAfter(unit, null, null, "it was not heard when the run had ended");
        }

        if (unit == settings.Unit.Name)
        {
            return await surroundings.CompareAsync(run, CancellationToken.None);
        }

        try
        {
            var question = new RunQuestion(run, settings.Unit.Name);
            return await peers.CallAsync(unit, UpgradeCalls.CompareSurroundings, question, AnswerTimeout, CancellationToken.None);
        }
        catch (PeerException e)
        {
            return new UnitBeforeAndAfter(unit, null, null, $"it did not answer: {e.Message}");
        }
    }
}
