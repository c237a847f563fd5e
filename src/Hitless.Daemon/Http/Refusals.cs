using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Http;

/// <summary>
/// Turns what went wrong into a status code and a <see cref="Refusal"/>: 400 not understood, 404 no such thing, 409 refused here or by
/// another unit, or not answered by it, 412 a condition does not hold, 422 the key of another request, 500 our fault.
/// </summary>
internal static class Refusals
{
    /// <summary>
    /// What the local API's refusals are (RFC 9457). Between units they stay <see cref="Plain"/>: 0.9 reads nothing else.
    /// </summary>
    public const string Problem = "application/problem+json";

    /// <summary>What they are between units.</summary>
    public const string Plain = "application/json";

    public static async Task AnswerAsync(HttpContext context, RequestDelegate next, Action<string> log, string form = Plain)
    {
        try
        {
            await next(context);
            if (context.Response is { StatusCode: 404 or 405, HasStarted: false })
            {
                await WriteAsync(
                    context,
                    form,
                    ProblemTypes.NoSuchRoute.Refuse(
                        $"this unit knows no {context.Request.Method} {context.Request.Path}",
                        "use a hitless of the same version as the unit's hitlessd"
                    ),
                    context.Response.StatusCode
                );
            }
        }
        catch (RefusedException refused)
        {
            await WriteAsync(context, form, refused.Refusal, StatusOf(context, refused.Refusal));
        }
        catch (PeerException unanswered)
        {
            await WriteAsync(context, form, unanswered.Refusal, StatusCodes.Status409Conflict);
        }
        catch (Exception wrong) when (wrong is JsonException or BadHttpRequestException)
        {
            await WriteAsync(
                context,
                form,
                ProblemTypes.NotUnderstood.Refuse(
                    $"the request was not understood: {wrong.Message.ReplaceLineEndings(" ")}",
                    "use a hitless of the same version as the unit's hitlessd"
                ),
                StatusCodes.Status400BadRequest
            );
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be told.
        }
        catch (Exception fault)
        {
            log($"{context.Request.Method} {context.Request.Path} failed: {fault}");
            await WriteAsync(
                context,
                form,
                ProblemTypes.UnitFailed.Refuse(
                    $"the unit failed: {fault.Message.ReplaceLineEndings(" ")}",
                    "see the log of hitlessd (journalctl -u hitless)"
                ),
                StatusCodes.Status500InternalServerError
            );
        }
    }

    // A peer takes 409 alone for a refusal, and so does a client that knows no conditions.
    private static int StatusOf(HttpContext context, Refusal refusal) =>
        ProblemTypes.Of(refusal) is var type && type == ProblemTypes.ConfigurationChanged && !Conditions.IsGiven(context.Request)
            ? StatusCodes.Status409Conflict
            : type.Status;

    private static async Task WriteAsync(HttpContext context, string form, Refusal refusal, int status)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = status;
        var document = form == Problem ? ProblemTypes.Of(refusal).Document(refusal, status) : refusal;
        await context.WriteAsync(ApiJson.Default.Refusal, document, form);
    }
}
