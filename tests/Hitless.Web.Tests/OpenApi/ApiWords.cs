namespace Hitless.Web.Tests.OpenApi;

/// <summary>A value of a query; <c>Type</c>: of JSON schema.</summary>
internal sealed record QueryValue(string Name, string Type, string Text, bool Required = false);

/// <summary>What the description says of a route beside what the route itself tells.</summary>
internal sealed record RouteWords(string Summary, params QueryValue[] Query);

/// <summary>The words of docs/openapi.json, a row for each row of the access table.</summary>
internal static class ApiWords
{
    private static readonly QueryValue Run = new("run", "string", "name of a run; without it the open one, else the last");
    private static readonly QueryValue Upload = new("id", "string", "of the upload", Required: true);

    public static IReadOnlyDictionary<string, RouteWords> All { get; } =
        new Dictionary<string, RouteWords>(StringComparer.Ordinal)
        {
            ["GET /session"] = new("Who is logged in, or whose token it is"),
            ["DELETE /session"] = new("Log out"),
            ["GET /metrics"] = new("Metrics for Prometheus"),
            ["GET /v1/openapi.json"] = new("This description"),
            ["GET /v1/status"] = new("Status of the cluster, as the unit sees it that answers"),
            ["GET /v1/status/watch"] = new("The status each second, as server-sent events"),
            ["GET /v1/events"] = new(
                "Events as they come, as server-sent events",
                new QueryValue("after", "integer", "also those of the past with a greater number")
            ),
            ["GET /v1/history"] = new(
                "The last events, oldest first",
                new QueryValue("kind", "string", "of this kind alone"),
                new QueryValue("limit", "integer", "so many at most (100)")
            ),
            ["GET /v1/sessions"] = new(
                "Sessions of this unit",
                new QueryValue("filter", "string", "an expression as in sessions.critical"),
                new QueryValue("limit", "integer", "so many at most (1000)")
            ),
            ["GET /v1/sessions/count"] = new("How many sessions this unit holds"),
            ["GET /v1/sessions/diff"] = new(
                "Session difference with another unit",
                new QueryValue("with", "string", "the unit; without it the primary, or the best standby")
            ),
            ["POST /v1/sessions/resync"] = new("Have the sessions transferred anew"),
            ["POST /v1/switchover"] = new("Switch over"),
            ["POST /v1/age/reset"] = new("Let the age of this unit begin again"),
            ["POST /v1/unit/leave"] = new("Take this unit out of the cluster"),
            ["POST /v1/unit/hold"] = new("Hold a unit for maintenance"),
            ["POST /v1/unit/release"] = new("End a hold"),
            ["POST /v1/unit/reboot"] = new("Reboot a unit, after it has handed over"),
            ["POST /v1/unit/remove"] = new("Remove a lost unit"),
            ["POST /v1/key/rotate"] = new("Rotate the key of the cluster"),
            ["POST /v1/invite"] = new("Invite a new unit"),
            ["GET /v1/config"] = new(
                "A revision with its files",
                new QueryValue("revision", "string", "number, hash, branch, head, disk, UNIT or UNIT:REF; without it the current one")
            ),
            ["GET /v1/config/settings"] = new("The settings of this unit, and which file says them"),
            ["GET /v1/config/schema"] = new(
                "JSON schema of a settings file",
                new QueryValue("file", "string", "cluster.yaml, else unit.yaml")
            ),
            ["GET /v1/config/diff"] = new(
                "Difference of two revisions",
                new QueryValue("from", "string", "without it the current one"),
                new QueryValue("to", "string", "without it the files on this unit's disk")
            ),
            ["GET /v1/config/history"] = new("The revisions, newest first"),
            ["GET /v1/config/report"] = new("Which unit and which item is in sync"),
            ["GET /v1/config/backup"] = new(
                "A backup of the cluster",
                new QueryValue("secrets", "string", "false: without the key and without files marked as secret")
            ),
            ["POST /v1/config/commit"] = new("Commit a configuration"),
            ["POST /v1/config/confirm"] = new("Keep what was committed with a time to confirm"),
            ["POST /v1/config/rollback"] = new("Make an older revision current again, as a new one"),
            ["POST /v1/config/sync"] = new("Bring units that are behind to the current revision"),
            ["POST /v1/config/restore"] = new("Restore a backup"),
            ["GET /v1/firmware"] = new("The images of this unit"),
            ["POST /v1/firmware"] = new("Upload an image"),
            ["DELETE /v1/firmware"] = new(
                "Remove an image from the unit's store",
                new QueryValue("image", "string", "a version, or the beginning of a hash", Required: true)
            ),
            ["POST /v1/firmware/check"] = new("What newer images the feed has; downloads those of a version"),
            ["POST /v1/firmware/upload"] = new("Begin to upload an image in parts"),
            ["GET /v1/firmware/upload"] = new("How far an upload is", Upload),
            ["PATCH /v1/firmware/upload"] = new(
                "Append to an upload",
                Upload,
                new QueryValue("offset", "integer", "what receivedBytes says", Required: true)
            ),
            ["DELETE /v1/firmware/upload"] = new("Give an upload up", Upload),
            ["POST /v1/upgrade/check"] = new("The checks of a run, without starting one"),
            ["POST /v1/upgrade/plan"] = new("The steps of a run, without starting one"),
            ["POST /v1/upgrade/start"] = new("Start a run"),
            ["GET /v1/upgrade/status"] = new("The open run, else the last; null: there was none"),
            ["GET /v1/upgrade/watch"] = new("A run as it goes on, as server-sent events", Run),
            ["POST /v1/upgrade/next"] = new(
                "Open the gate that a run waits at",
                new QueryValue("rehearse", "string", "true: with a trial switchover before")
            ),
            ["POST /v1/upgrade/gate"] = new("Speak for the gate of upgrade.gates that a run waits for"),
            ["POST /v1/upgrade/pause"] = new("Pause the run"),
            ["POST /v1/upgrade/resume"] = new("Resume the run"),
            ["POST /v1/upgrade/abort"] = new("End the run where it is safe"),
            ["POST /v1/upgrade/rollback"] = new("Take a run back", Run),
            ["GET /v1/upgrade/report"] = new("The report of a run", Run),
        };
}
