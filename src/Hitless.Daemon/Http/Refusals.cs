using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Http;

/// <summary>
/// Turns what went wrong into a status code and a <see cref="Refusal"/>: 400 not understood, 404 no such thing, 409 refused here or by
/// another unit, or not answered by it, 500 our fault.
/// </summary>
internal static class Refusals
{
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next, Action<string> log)
    {
        try
        {
            await next(context);
            if (context.Response is { StatusCode: 404 or 405, HasStarted: false })
            {
                await WriteAsync(
                    context,
                    context.Response.StatusCode,
                    new Refusal(
                        $"this unit knows no {context.Request.Method} {context.Request.Path}",
                        "use a hitless of the same version as the unit's hitlessd"
                    )
                );
            }
        }
        catch (RefusedException refused)
        {
            await WriteAsync(context, StatusCodes.Status409Conflict, refused.Refusal);
        }
        catch (PeerException unanswered)
        {
            await WriteAsync(context, StatusCodes.Status409Conflict, unanswered.Refusal);
        }
        catch (Exception wrong) when (wrong is JsonException or BadHttpRequestException)
        {
            await WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                new Refusal(
                    $"the request was not understood: {wrong.Message.ReplaceLineEndings(" ")}",
                    "use a hitless of the same version as the unit's hitlessd"
                )
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
                StatusCodes.Status500InternalServerError,
                new Refusal($"the unit failed: {fault.Message.ReplaceLineEndings(" ")}", "see the log of hitlessd (journalctl -u hitless)")
            );
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = status;
        await context.WriteAsync(ApiJson.Default.Refusal, refusal);
    }
}
