namespace Hitless.Core.Api;

/// <summary>A kind of refusal that a program can tell from the others (RFC 9457, section 3.1).</summary>
/// <param name="Id">Stable: a client may decide by it.</param>
/// <param name="Status">The status of HTTP that it usually has.</param>
/// <param name="Title">The kind in words, the same each time.</param>
public sealed record ProblemType(string Id, int Status, string Title)
{
    /// <summary>How it is written in a problem document's <c>type</c>.</summary>
    public string Uri => $"urn:hitless:problem:{Id}";

    /// <summary>A refusal of this kind.</summary>
    public Refusal Refuse(string error, string remedy) => new(error, remedy) { Type = Uri };

    /// <summary>A refusal as the document that goes by HTTP.</summary>
    public Refusal Document(Refusal refusal, int status) => refusal with { Type = Uri, Title = Title, Status = status };
}

/// <summary>
/// The one list of kinds of refusals. Kinds are added, never renamed or removed; what has none of its own is <see cref="Refused"/>.
/// </summary>
public static class ProblemTypes
{
    /// <summary>The unit, or another that it asked, cannot do it now; nothing has changed.</summary>
    public static readonly ProblemType Refused = new("refused", 409, "Refused");

    /// <summary>Body, parameter or header is not as the API wants it.</summary>
    public static readonly ProblemType NotUnderstood = new("not-understood", 400, "Request not understood");

    /// <summary>No log-in and no token, or one that is over.</summary>
    public static readonly ProblemType NotLoggedIn = new("not-logged-in", 401, "Not logged in");

    /// <summary>User, password or code is wrong.</summary>
    public static readonly ProblemType LoginFailed = new("login-failed", 401, "Log-in failed");

    /// <summary>The password is right, and the code of the second factor is wanted too.</summary>
    public static readonly ProblemType CodeWanted = new("code-wanted", 401, "A code is wanted");

    /// <summary>The role is too low.</summary>
    public static readonly ProblemType NotAllowed = new("not-allowed", 403, "Not allowed for this role");

    /// <summary>A cookie came from elsewhere than from the web manager's own page.</summary>
    public static readonly ProblemType ForeignPage = new("foreign-page", 403, "Not from the web manager's own page");

    /// <summary>There is no such route.</summary>
    public static readonly ProblemType NoSuchRoute = new("no-such-route", 404, "No such route");

    /// <summary>There is no run of that name, or none that is open.</summary>
    public static readonly ProblemType NoSuchRun = new("no-such-run", 409, "No such run");

    /// <summary>No unit is primary now.</summary>
    public static readonly ProblemType NoPrimary = new("no-primary", 409, "No primary");

    /// <summary>A check of the run's preflight has failed.</summary>
    public static readonly ProblemType CheckFailed = new("check-failed", 409, "A check has failed");

    /// <summary>Another unit did not answer: what it was asked may have been done.</summary>
    public static readonly ProblemType UnitUnreachable = new("unit-unreachable", 409, "Another unit did not answer");

    /// <summary>The configuration is another than the one that was meant; by <c>parent</c> instead of If-Match the status is 409.</summary>
    public static readonly ProblemType ConfigurationChanged = new("configuration-changed", 412, "The configuration has changed");

    /// <summary>The request with this Idempotency-Key has not ended yet.</summary>
    public static readonly ProblemType RequestInProgress = new("request-in-progress", 409, "The request is in progress");

    /// <summary>Whether the request with this Idempotency-Key was done is not known.</summary>
    public static readonly ProblemType OutcomeUnknown = new("outcome-unknown", 409, "The outcome is not known");

    /// <summary>The Idempotency-Key belongs to another request.</summary>
    public static readonly ProblemType KeyReused = new("key-reused", 422, "The key belongs to another request");

    /// <summary>There is no such upload here: it is over, it was another unit's, or the image was refused.</summary>
    public static readonly ProblemType NoSuchUpload = new("no-such-upload", 404, "No such upload");

    /// <summary>The part does not follow what is here: ask for the offset, and go on from there.</summary>
    public static readonly ProblemType WrongOffset = new("wrong-offset", 409, "Wrong offset");

    /// <summary>As many uploads as may be are unfinished.</summary>
    public static readonly ProblemType TooManyUploads = new("too-many-uploads", 409, "Too many uploads");

    /// <summary>The body is larger than this route takes.</summary>
    public static readonly ProblemType TooLarge = new("too-large", 413, "Body too large");

    /// <summary>Wait: the answer's Retry-After says how long.</summary>
    public static readonly ProblemType TooManyAttempts = new("too-many-attempts", 429, "Too many attempts");

    /// <summary>A fault of the unit's program.</summary>
    public static readonly ProblemType UnitFailed = new("unit-failed", 500, "The unit failed");

    /// <summary>The unit's hitlessd does not answer: it may be restarting.</summary>
    public static readonly ProblemType DaemonUnreachable = new("daemon-unreachable", 503, "hitlessd does not answer");

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        Refused,
        NotUnderstood,
        NotLoggedIn,
        LoginFailed,
        CodeWanted,
        NotAllowed,
        ForeignPage,
        NoSuchRoute,
        NoSuchRun,
        NoPrimary,
        CheckFailed,
        UnitUnreachable,
        ConfigurationChanged,
        RequestInProgress,
        OutcomeUnknown,
        KeyReused,
        NoSuchUpload,
        WrongOffset,
        TooManyUploads,
        TooLarge,
        TooManyAttempts,
        UnitFailed,
        DaemonUnreachable,
    ];

    /// <summary>The kind of a refusal; <see cref="Refused"/> where it names none that is known here.</summary>
    public static ProblemType Of(Refusal refusal) => All.FirstOrDefault(type => type.Uri == refusal.Type) ?? Refused;
}
