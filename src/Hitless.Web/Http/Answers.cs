using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;

namespace Hitless.Web.Http;

/// <summary>JSON answers; a refusal has the form of the local API's.</summary>
internal static class Answers
{
    public static Task JsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    public static Task RefuseAsync(HttpContext context, int status, string error, string remedy)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        return JsonAsync(context, new Refusal(error, remedy), ApiJson.Default.Refusal);
    }
}
