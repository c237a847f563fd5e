using System.Security.Cryptography;
using System.Text;
using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Daemon.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hitless.Daemon.Requests;

/// <summary>
/// Answers a request that bears the Idempotency-Key of an earlier one with that one's answer, and does it no second time. A request with a
/// key goes on to its end although its sender leaves: who asks again is to find what became of it.
/// </summary>
/// <remarks>
/// new → begun (its body is whole, and it is on disk) → answered; or forgotten, where it was refused and so changed nothing. One that is
/// begun and neither answered nor in progress was under way when the daemon ended: its outcome is not known.
/// </remarks>
internal sealed class RequestMemory(KeptRequests kept)
{
    /// <summary>The header; on what only reads it means nothing.</summary>
    public const string Header = "Idempotency-Key";

    private const int KeyMax = 300;
    private readonly HashSet<string> _inProgress = new(StringComparer.Ordinal);

    /// <summary>Answers, by <paramref name="next"/> or from memory.</summary>
    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) || !context.Request.Headers.TryGetValue(Header, out var given))
        {
            await next(context);
            return;
        }

        var key =
            given is [{ Length: > 0 and <= KeyMax } one] && one.All(c => c is >= ' ' and <= '~')
                ? one
                : throw new BadHttpRequestException($"{Header} wants one text of 1 to {KeyMax} printable characters");
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        lock (_inProgress)
        {
            if (!_inProgress.Add(name))
            {
                throw new RefusedException(
                    ProblemTypes.RequestInProgress.Refuse("the request with this key is in progress", "ask again in some seconds")
                );
            }
        }

        try
        {
            var request = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
            await (
                kept.Contains(name)
                    ? RepeatAsync(context, kept.Read(name), request)
                    : DoAsync(context, next, new KeyedRequest(kept, name, request))
            );
        }
        finally
        {
            lock (_inProgress)
            {
                _inProgress.Remove(name);
            }
        }
    }

    private static async Task DoAsync(HttpContext context, RequestDelegate next, KeyedRequest request)
    {
        var (sender, answer) = (context.RequestAborted, context.Response.Body);
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var copy = new MemoryStream();
        var body = new HashedBody(context.Request.Body, request);
        try
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            {
                request.Begin([]);
            }

            context.Request.Body = body;
            context.Response.Body = copy;
            context.RequestAborted = stopping;
            await next(context);

            // Some routes have no use for a body.
            await body.CopyToAsync(Stream.Null, stopping);
            request.End(context.Response.StatusCode, context.Response.ContentType, copy.ToArray());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new RefusedException(
                ProblemTypes.OutcomeUnknown.Refuse("the daemon ended meanwhile", "look what became of it: hitless status")
            );
        }
        catch (Exception e) when (request.Fail(e))
        {
            throw;
        }
        finally
        {
            context.RequestAborted = sender;
            context.Response.Body = answer;
        }

        await answer.WriteAsync(copy.ToArray(), sender);
    }

    private static async Task RepeatAsync(HttpContext context, KeptRequest? first, string request)
    {
        if (first is not null && (first.Request != request || first.Body != await HashAsync(context)))
        {
            throw new RefusedException(
                ProblemTypes.KeyReused.Refuse(
                    "this key belongs to another request",
                    "make a new key for each request, keep it for its repetitions"
                )
            );
        }

        if (first is not { Status: { } status, Answer: { } answer })
        {
            throw new RefusedException(
                ProblemTypes.OutcomeUnknown.Refuse(
                    first is { Status: not null }
                        ? "it was done; its answer was too large to be kept"
                        : "the request with this key was under way when the daemon ended or a unit fell silent: it may have been done",
                    "look first (hitless status, upgrade status, config history); if it was not done, send it with a new key"
                )
            );
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = first.ContentType;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private static async Task<string> HashAsync(HttpContext context) =>
        Convert.ToHexStringLower(await SHA256.HashDataAsync(context.BodyOfAnySize(), context.RequestAborted));
}
