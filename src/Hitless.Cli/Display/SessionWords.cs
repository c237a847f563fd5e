using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>Sessions that do not follow a switch, in words.</summary>
internal static class SessionWords
{
    /// <summary>One cause: how many, why, and what to write instead.</summary>
    public static string Of(SessionCauseCount cause)
    {
        var breaking =
            cause.Breaking == 0 ? "" : $"; a switch breaks {(cause.Breaking == cause.Count ? "them" : Words.Count(cause.Breaking))}";
        var critical = cause.Critical == 0 ? "" : $", {Words.Count(cause.Critical)} of them critical";
        var remedy = cause.Remedy is null || cause.Breaking == 0 ? "" : $": {cause.Remedy}";
        return $"{Words.Count(cause.Count, "session")} {cause.Text}{breaking}{critical}{remedy}";
    }

    /// <summary>The account of a run's switches, a line each; nothing that is not known is a number.</summary>
    public static IEnumerable<string> Of(ReportSessions sessions)
    {
        if (sessions.NotKnown is { } notKnown)
        {
            yield return "sessions: not known"
                + $"{(sessions.LostAtLeast > 0 ? $", at least {Words.Count(sessions.LostAtLeast)} lost" : "")}: {notKnown}";
        }
        else if (sessions.Switches == 0)
        {
            yield return "sessions: the primary did not change, so none was handed over";
        }
        else
        {
            var foreseen = sessions.LostForeseen == 0 ? "" : $" ({Words.Count(sessions.LostForeseen)} because they could not follow)";
            yield return $"sessions: {Number(sessions.Before)} before, {Number(sessions.Survived)} survived, {Number(sessions.Lost)} "
                + $"lost{foreseen}, "
                + $"{Number(sessions.CriticalLost)} of them critical";
        }

        foreach (var cause in sessions.Causes.Where(cause => cause.Breaking > 0))
        {
            var critical = cause.Critical == 0 ? "" : $" ({Words.Count(cause.Critical)} of them critical)";
            var end =
                cause.Class == SessionClassWord.Local ? " and ended there"
                : cause.Class == SessionClassWord.Excluded ? ""
                : $" and are lost{critical}";
            yield return $"  {Words.Count(cause.Breaking, "session")} {cause.Text}{end}"
                + (cause.Remedy is null ? "" : $": {cause.Remedy}");
        }
    }

    private static string Number(long? value) => value is { } known ? Words.Count(known) : "not known";
}
