using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>Sessions that do not follow a switch, in words.</summary>
internal static class SessionWords
{
    /// <summary>One cause: how many, why, and what to write instead.</summary>
    public static string Of(SessionCauseCount cause)
    {
        var breaking = cause.Breaking == 0 ? "" : $"; a switch breaks {(cause.Breaking == cause.Count ? "them" : Words.Count(cause.Breaking))}";
        var critical = cause.Critical == 0 ? "" : $", {Words.Count(cause.Critical)} of them critical";
        return $"{Words.Count(cause.Count, "session")} {cause.Text}{breaking}{critical}{(cause.Remedy is null || cause.Breaking == 0 ? "" : $": {cause.Remedy}")}";
    }

    /// <summary>The account of a run's switches, a line each; nothing that is not known is a number.</summary>
    public static IEnumerable<string> Of(ReportSessions sessions)
    {
        if (sessions.NotKnown is { } notKnown)
        {
            yield return $"sessions: not known, at least {Words.Count(sessions.LostAtLeast)} lost: {notKnown}";
        }
        else if (sessions.Switches == 0)
        {
            yield return "sessions: the primary did not change, so none was handed over";
        }
        else
        {
            var foreseen = sessions.LostForeseen == 0 ? "" : $" ({Words.Count(sessions.LostForeseen)} because they could not follow)";
            yield return $"sessions: {Number(sessions.Before)} before, {Number(sessions.Survived)} survived, {Number(sessions.Lost)} lost{foreseen}, {Number(sessions.CriticalLost)} of them critical";
        }

        foreach (var cause in sessions.Causes.Where(cause => cause.Breaking > 0))
        {
            var critical = cause.Critical == 0 ? "" : $" ({Words.Count(cause.Critical)} of them critical)";
            yield return $"  {Words.Count(cause.Breaking, "session")} {cause.Text}{(cause.Class == "local" ? " and ended there" : cause.Class == "excluded" ? "" : $" and are lost{critical}")}"
                + (cause.Remedy is null ? "" : $": {cause.Remedy}");
        }
    }

    private static string Number(long? value) => value is { } known ? Words.Count(known) : "not known";
}
