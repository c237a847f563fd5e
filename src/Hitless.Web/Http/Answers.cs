using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;

namespace Hitless.Web.Http;

/// <summary>JSON answers; a refusal is a problem document (RFC 9457), as those of the local API are.</summary>
internal static class Answers
{
    public static Task JsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, string form = "application/json")
    {
        context.Response.ContentType = form;
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    /// <summary>Refuses; <paramref name="status"/>: another than the usual one of this kind.</summary>
    public static Task RefuseAsync(HttpContext context, ProblemType type, string error, string remedy, int? status = null)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status ?? type.Status;
        var document = type.Document(new Refusal(error, remedy), context.Response.StatusCode);
        return JsonAsync(context, document, ApiJson.Default.Refusal, "application/problem+json");
    }
}
