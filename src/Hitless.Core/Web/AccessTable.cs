namespace Hitless.Core.Web;

/// <summary>
/// The one list of what the web manager answers to who has logged in: route, least role, words for the audit log. What is not in it
/// does not exist. A path is matched as a whole, so that none can lead anywhere else.
/// </summary>
public static class AccessTable
{
    /// <summary>Reads.</summary>
    public const string Get = "GET";

    /// <summary>Changes.</summary>
    public const string Post = "POST";

    /// <summary>Appends.</summary>
    public const string Patch = "PATCH";

    /// <summary>Ends.</summary>
    public const string Delete = "DELETE";

    /// <summary>Log in (without a log-in), who is logged in, log out.</summary>
    public const string Session = "/session";

    /// <summary>The status as server-sent events, one each second.</summary>
    public const string StatusWatch = "/v1/status/watch";

    /// <summary>The description of the API (OpenAPI 3.1).</summary>
    public const string Description = "/v1/openapi.json";

    /// <summary>For Prometheus.</summary>
    public const string Metrics = "/metrics";

    private const long Small = 64 << 10;
    private const long Configuration = 64 << 20;
    private const long Image = 4L << 30;

    private static readonly Dictionary<(string, string), AccessRule> Index = Rows().ToDictionary(rule => (rule.Method, rule.Path));

    /// <summary>Every row.</summary>
    public static IReadOnlyCollection<AccessRule> All => Index.Values;

    /// <summary>The row of a request; null: there is none.</summary>
    public static AccessRule? Find(string method, string path) => Index.GetValueOrDefault((method, path));

    private static IEnumerable<AccessRule> Rows() => [.. OwnRows(), .. ClusterRows(), .. ConfigurationRows(), .. UpgradeRows()];

    private static IEnumerable<AccessRule> OwnRows() =>
        [
            new(Get, Session, WebRole.Viewer, null) { By = Answerer.Web },
            new(Delete, Session, WebRole.Viewer, "logs out") { By = Answerer.Web },
            new(Get, StatusWatch, WebRole.Viewer, null) { By = Answerer.Web },
            new(Get, Description, WebRole.Viewer, null) { By = Answerer.Web },
            new(Get, Metrics, WebRole.Viewer, null) { By = Answerer.Web },
        ];

    private static IEnumerable<AccessRule> ClusterRows() =>
        [
            new(Get, "/v1/status", WebRole.Viewer, null),
            new(Get, "/v1/events", WebRole.Viewer, null),
            new(Get, "/v1/history", WebRole.Viewer, null),
            new(Get, "/v1/sessions", WebRole.Viewer, null),
            new(Get, "/v1/sessions/count", WebRole.Viewer, null),
            new(Get, "/v1/sessions/diff", WebRole.Viewer, null),
            new(Post, "/v1/sessions/resync", WebRole.Operator, "has the sessions transferred anew"),
            new(Post, "/v1/switchover", WebRole.Operator, "switches over") { BodyMax = Small },
            new(Post, "/v1/age/reset", WebRole.Operator, "resets the age of the unit"),
            new(Post, "/v1/unit/leave", WebRole.Admin, "takes the unit out of the cluster") { BodyMax = Small },
            new(Post, "/v1/unit/hold", WebRole.Operator, "holds a unit for maintenance") { BodyMax = Small },
            new(Post, "/v1/unit/release", WebRole.Operator, "ends the hold of a unit") { BodyMax = Small },
            new(Post, "/v1/unit/reboot", WebRole.Operator, "reboots a unit") { BodyMax = Small },
            new(Post, "/v1/unit/remove", WebRole.Admin, "removes a lost unit") { BodyMax = Small },
            new(Post, "/v1/key/rotate", WebRole.Admin, "rotates the cluster's key") { BodyMax = Small },
            new(Post, "/v1/invite", WebRole.Admin, "invites a new unit") { BodyMax = Small },
        ];

    // Files may hold secrets: their content is for administrators.
    private static IEnumerable<AccessRule> ConfigurationRows() =>
        [
            new(Get, "/v1/config", WebRole.Admin, "reads the configuration's files"),
            new(Get, "/v1/config/settings", WebRole.Viewer, null),
            new(Get, "/v1/config/schema", WebRole.Viewer, null),
            new(Get, "/v1/config/diff", WebRole.Admin, "compares the configuration's files"),
            new(Get, "/v1/config/history", WebRole.Viewer, null),
            new(Get, "/v1/config/report", WebRole.Viewer, null),
            new(Get, "/v1/config/backup", WebRole.Admin, "takes a backup"),
            new(Post, "/v1/config/commit", WebRole.Admin, "commits a configuration")
            {
                BodyMax = Configuration,
                Author = AuthorPlace.Commit,
            },
            new(Post, "/v1/config/confirm", WebRole.Admin, "confirms the configuration") { Author = AuthorPlace.Query },
            new(Post, "/v1/config/rollback", WebRole.Admin, "goes back to an older configuration")
            {
                BodyMax = Small,
                Author = AuthorPlace.Rollback,
            },
            new(Post, "/v1/config/sync", WebRole.Operator, "synchronizes the configuration"),
            new(Post, "/v1/config/restore", WebRole.Admin, "restores a backup") { BodyMax = Configuration, Author = AuthorPlace.Query },
        ];

    private static IEnumerable<AccessRule> UpgradeRows() =>
        [
            new(Get, "/v1/firmware", WebRole.Viewer, null),
            new(Post, "/v1/firmware", WebRole.Operator, "uploads an image") { BodyMax = Image },
            new(Delete, "/v1/firmware", WebRole.Operator, "removes an image"),
            new(Post, "/v1/firmware/check", WebRole.Operator, "asks the feed of images") { BodyMax = Small },
            new(Post, "/v1/firmware/upload", WebRole.Operator, "begins to upload an image") { BodyMax = Small },
            new(Get, "/v1/firmware/upload", WebRole.Operator, null),
            new(Patch, "/v1/firmware/upload", WebRole.Operator, "uploads a part of an image") { BodyMax = Image },
            new(Delete, "/v1/firmware/upload", WebRole.Operator, "gives up the upload of an image"),
            new(Post, "/v1/upgrade/check", WebRole.Operator, "checks for an upgrade") { BodyMax = Small },
            new(Post, "/v1/upgrade/plan", WebRole.Operator, "plans an upgrade") { BodyMax = Small },
            new(Post, "/v1/upgrade/start", WebRole.Operator, "starts an upgrade") { BodyMax = Small },
            new(Get, "/v1/upgrade/status", WebRole.Viewer, null),
            new(Get, "/v1/upgrade/watch", WebRole.Viewer, null),
            new(Post, "/v1/upgrade/next", WebRole.Operator, "opens a gate of the run"),
            new(Post, "/v1/upgrade/gate", WebRole.Operator, "speaks for a gate of the run") { BodyMax = Small },
            new(Post, "/v1/upgrade/pause", WebRole.Operator, "pauses the run"),
            new(Post, "/v1/upgrade/resume", WebRole.Operator, "resumes the run"),
            new(Post, "/v1/upgrade/abort", WebRole.Operator, "aborts the run"),
            new(Post, "/v1/upgrade/rollback", WebRole.Operator, "takes the run back"),
            new(Get, "/v1/upgrade/report", WebRole.Viewer, null),
        ];
}
