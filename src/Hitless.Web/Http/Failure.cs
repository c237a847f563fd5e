using System.Text.Json;
using Hitless.Core.Api;

namespace Hitless.Web.Http;

/// <summary>What a request that could not be answered is refused with.</summary>
internal sealed record Failure(ProblemType Type, string Error, string Remedy, int Status)
{
    /// <summary>Null: a fault of ours, of which Kestrel makes the status 500.</summary>
    public static Failure? Of(Exception exception) =>
        exception switch
        {
            // By itself, or while the unit is sent what comes.
            _ when exception.GetBaseException() is BadHttpRequestException bad => new Failure(
                bad.StatusCode == ProblemTypes.TooLarge.Status ? ProblemTypes.TooLarge : ProblemTypes.NotUnderstood,
                $"the request was not taken: {bad.Message}",
                "see docs/web.md",
                bad.StatusCode
            ),
            JsonException bad => new Failure(
                ProblemTypes.NotUnderstood,
                $"the request was not understood: {bad.Message.ReplaceLineEndings(" ")}",
                "see docs/web.md",
                ProblemTypes.NotUnderstood.Status
            ),
            HttpRequestException or IOException => new Failure(
                ProblemTypes.DaemonUnreachable,
                "the unit's hitlessd does not answer",
                "it may be restarting: ask again; systemctl status hitless tells more",
                ProblemTypes.DaemonUnreachable.Status
            ),
            _ => null,
        };
}
