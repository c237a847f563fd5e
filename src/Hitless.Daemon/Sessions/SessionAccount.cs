using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;

namespace Hitless.Daemon.Sessions;

/// <summary>All sessions of this unit by class, and those that do not follow by cause, with what to write instead.</summary>
public sealed class SessionAccount(SessionLoop sessions, UnitSettings settings)
{
    // Samples of each kind: enough to know the addresses, and to show whom it concerns.
    private const int SamplesMax = 64;
    private const int FileMax = 1024 * 1024;

    /// <summary>
    /// The account, from the ledger or, while that does not know all, from a reading of the table; with some of the sessions that a switch
    /// breaks, the critical ones among them.
    /// </summary>
    public async Task<(
        SessionTally Tally,
        IReadOnlyList<SessionCauseCount> Causes,
        IReadOnlyList<SessionDifferenceEntry> Entries
    )> TakeAsync(SessionTally? known = null)
    {
        var tally = known ?? await sessions.TallyAsync() ?? (await sessions.SurveyAsync(_ => false)).Tally;
        var unit = settings.Unit.Name;
        var causes = tally.Causes(unit);
        if (causes.All(cause => cause.Breaking == 0))
            return (tally, causes, []);
        var samples = await sessions.BreakingAsync(SamplesMax);
        var own = await sessions.OwnAddressesAsync(settings.Interfaces);
        var files = settings.Files.Where(file => !file.Secret).Select(Read).OfType<ManagedText>().ToList();
        return (
            tally,
            [.. causes.Select(cause => cause with { Remedy = RemedyOf(cause.Cause, samples, own, files) })],
            [.. samples.Select(each => SessionDiffer.Entry(each.Record, each.Verdict, unit))]
        );
    }

    private static string? RemedyOf(
        SessionCauseWord cause,
        IReadOnlyList<(SessionRecord Record, SessionVerdict Verdict)> samples,
        IReadOnlyList<OwnAddress> own,
        List<ManagedText> files
    )
    {
        var id = SessionCauses.All.First(each => SessionCauses.Id(each) == cause);
        return SessionRemedy.For(id, [.. samples.Where(each => each.Verdict.Cause == id).Select(each => each.Record)], own, files);
    }

    private static ManagedText? Read(ManagedFileSettings file)
    {
        try
        {
            return new FileInfo(file.Path) is { Exists: true, Length: < FileMax }
                ? new ManagedText(file.Path, File.ReadAllText(file.Path))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
