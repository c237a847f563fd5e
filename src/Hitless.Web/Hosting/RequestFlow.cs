using System.Globalization;
using System.Net;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Web.Access;
using Hitless.Web.Audit;
using Hitless.Web.Http;
using Hitless.Web.Proxy;
using Microsoft.AspNetCore.Http.Features;

namespace Hitless.Web.Hosting;

/// <summary>
/// The way of each request: the page's files, <c>/healthz</c> and the log-in for everybody; all else by log-in or token, the row of the
/// <see cref="AccessTable"/>, its role, and, where something changes, the origin. What was done or denied is in the audit log.
/// </summary>
internal sealed class RequestFlow(PageFiles page, Authentication authentication, Logins logins, UnitSocket unit, AuditLog audit)
    : IDisposable
{
    private const int LoginBytesMax = 4096;
    private const int CodeLengthMax = 64;
    private const string Health = "/healthz";
    private readonly Relay _relay = new(unit, authentication);
    private readonly StatusFeed _status = new(unit, authentication);

    /// <summary>The version of this program.</summary>
    public static string Version => typeof(RequestFlow).Assembly.GetName().Version!.ToString(3);

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        SecurityHeaders.Set(context.Response);
        try
        {
            await AnswerAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be told.
        }
        catch (Exception e) when (e.GetBaseException() is BadHttpRequestException bad)
        {
            // By itself, or while the unit is sent what comes.
            var type = bad.StatusCode == ProblemTypes.TooLarge.Status ? ProblemTypes.TooLarge : ProblemTypes.NotUnderstood;
            await Answers.RefuseAsync(context, type, $"the request was not taken: {bad.Message}", "see docs/web.md", bad.StatusCode);
        }
        catch (JsonException bad)
        {
            var why = bad.Message.ReplaceLineEndings(" ");
            await Answers.RefuseAsync(context, ProblemTypes.NotUnderstood, $"the request was not understood: {why}", "see docs/web.md");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            await Answers.RefuseAsync(
                context,
                ProblemTypes.DaemonUnreachable,
                "the unit's hitlessd does not answer",
                "it may be restarting: ask again; systemctl status hitless tells more"
            );
        }
    }

    public void Dispose() => _status.Dispose();

    private async Task AnswerAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        if (await page.TryAnswerAsync(context))
        {
            return;
        }

        if ((method, path) == (AccessTable.Get, Health))
        {
            await Answers.JsonAsync(context, new HealthAnswer(true), HostingJson.Default.HealthAnswer);
        }
        else if ((method, path) == (AccessTable.Post, AccessTable.Session))
        {
            await LogInAsync(context);
        }
        else if (authentication.Find(context.Request) is not { } caller)
        {
            await Answers.RefuseAsync(
                context,
                ProblemTypes.NotLoggedIn,
                "not logged in",
                "log in, or send a token: Authorization: Bearer TOKEN (hitless web token makes one)"
            );
        }
        else if (AccessTable.Find(method, path) is not { } rule)
        {
            await Answers.RefuseAsync(context, ProblemTypes.NoSuchRoute, $"there is no {method} {path}", "docs/web.md lists what there is");
        }
        else
        {
            await AnswerAsync(context, rule, caller);
        }
    }

    private async Task AnswerAsync(HttpContext context, AccessRule rule, Caller caller)
    {
        if (Denial(context, rule, caller) is var (denied, error, remedy))
        {
            await Answers.RefuseAsync(context, denied, error, remedy);
            Note(context, caller, rule.Words ?? "reads", denied.Status);
            return;
        }

        var judged = StatusCodes.Status500InternalServerError;
        try
        {
            await DispatchAsync(context, rule, caller);
            judged = context.Response.StatusCode;
        }
        finally
        {
            if (rule.Words is { } words)
            {
                Note(context, caller, words, judged);
            }
        }
    }

    private static (ProblemType Type, string Error, string Remedy)? Denial(HttpContext context, AccessRule rule, Caller caller)
    {
        if (caller.Role < rule.Least)
        {
            return (
                ProblemTypes.NotAllowed,
                $"{caller.Name} is {Name(caller.Role)}; this is for {Name(rule.Least)}",
                "ask an administrator of the cluster"
            );
        }

        if (rule.Changes && !caller.IsToken && !Origins.IsOwn(context.Request))
        {
            return (
                ProblemTypes.ForeignPage,
                "the request does not come from the web manager's own page",
                $"programs use a token; a page of ours sends the header {Origins.Header}"
            );
        }

        if (context.Request.ContentLength > rule.BodyMax)
        {
            return (ProblemTypes.TooLarge, $"the body is larger than {rule.BodyMax} bytes", "send less");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = rule.BodyMax;
        }

        return null;
    }

    private Task DispatchAsync(HttpContext context, AccessRule rule, Caller caller) =>
        (rule.Method, rule.Path) switch
        {
            _ when rule.By == Answerer.Unit => _relay.AnswerAsync(context, rule, caller),
            (_, AccessTable.StatusWatch) => _status.AnswerAsync(context, caller),
            (_, AccessTable.Description) => ApiDescription.AnswerAsync(context),
            (_, AccessTable.Metrics) => MetricsPage.AnswerAsync(context, unit),
            (AccessTable.Delete, AccessTable.Session) => LogOut(context, caller),
            _ => TellAsync(context, caller),
        };

    private async Task LogInAsync(HttpContext context)
    {
        if (!Origins.IsOwn(context.Request) || context.Request.ContentLength is not (> 0 and <= LoginBytesMax))
        {
            await Answers.RefuseAsync(
                context,
                ProblemTypes.ForeignPage,
                "this is no log-in of the web manager's own page",
                "programs use a token: hitless web token"
            );
            return;
        }

        var asked = await JsonSerializer.DeserializeAsync(context.Request.Body, HostingJson.Default.LoginRequest, context.RequestAborted);
        if (asked is not { User: not null, Password.Length: <= PasswordHash.LengthMax, Code: null or { Length: <= CodeLengthMax } })
        {
            throw new JsonException("user and password are wanted");
        }

        var verdict = await logins.JudgeAsync(asked, From(context), context.RequestAborted);
        if (verdict.User is { } user)
        {
            var caller = authentication.Begin(context.Response, user);
            await TellAsync(context, caller);
            Note(context, caller, "logs in", StatusCodes.Status200OK);
            return;
        }

        var (type, error, remedy) = Refusal(verdict, asked.Code is not null);
        if (verdict.Wait > TimeSpan.Zero)
        {
            context.Response.Headers.RetryAfter = SecondsOf(verdict.Wait).ToString(CultureInfo.InvariantCulture);
        }

        await Answers.RefuseAsync(context, type, error, remedy);
        if (!verdict.WantsCode)
        {
            Note(context, null, $"fails to log in as {(WebSecrets.IsName(asked.User) ? asked.User : "(no name)")}", type.Status);
        }
    }

    private static (ProblemType Type, string Error, string Remedy) Refusal(LoginVerdict verdict, bool withCode) =>
        verdict.WantsCode
            ? (
                ProblemTypes.CodeWanted,
                "a code is wanted beside the password",
                "give the code that your authenticator shows, or a recovery code"
            )
        : verdict.Wait > TimeSpan.Zero
            ? (
                ProblemTypes.TooManyAttempts,
                $"too many wrong attempts: wait {SecondsOf(verdict.Wait)} s",
                "hitless web password on a unit sets a new one"
            )
        : (
            ProblemTypes.LoginFailed,
            withCode ? "user, password or code is wrong" : "user or password is wrong",
            "hitless web password or totp on a unit sets a new one"
        );

    private static int SecondsOf(TimeSpan wait) => (int)Math.Ceiling(wait.TotalSeconds);

    private Task LogOut(HttpContext context, Caller caller)
    {
        if (caller.Ticket is { } ticket)
        {
            authentication.End(context.Response, ticket);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task TellAsync(HttpContext context, Caller caller) =>
        Answers.JsonAsync(
            context,
            new SessionAnswer(caller.Name, caller.Role, caller.ExpiresAt, Version),
            HostingJson.Default.SessionAnswer
        );

    private void Note(HttpContext context, Caller? caller, string did, int status) =>
        audit.Add(
            new AuditRecord(
                DateTimeOffset.UtcNow,
                caller?.Name,
                caller?.Role,
                $"{From(context)}",
                context.Request.Method,
                $"{context.Request.Path}{context.Request.QueryString}",
                did,
                status
            )
        );

    private static IPAddress From(HttpContext context) =>
        context.Connection.RemoteIpAddress is not { } address ? IPAddress.None
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address;

    private static string Name(WebRole role) => role.ToString().ToLowerInvariant();
}
