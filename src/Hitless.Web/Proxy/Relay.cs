using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Web.Access;

namespace Hitless.Web.Proxy;

/// <summary>
/// Passes a request to the unit and its answer back. Of the client's headers the condition and the key go on (the key with the caller's
/// name, so that nobody gets another's answer), of the unit's the content's type and the ETag. A stream gets a comment each second in which
/// it says nothing, and ends when its caller may not read it any more.
/// </summary>
internal sealed class Relay(UnitSocket unit, Authentication authentication)
{
    /// <summary>How often a stream shows that it lives.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);

    private const string KeyHeader = "Idempotency-Key";
    private const string EventStream = "text/event-stream";
    private const int BufferBytes = 64 << 10;

    public async Task AnswerAsync(HttpContext context, AccessRule rule, Caller caller)
    {
        var query = rule.Author == AuthorPlace.Query ? $"?author={Uri.EscapeDataString(caller.Name)}" : context.Request.QueryString.Value;
        using var body = await BodyAsync(context, rule, caller);
        using var request = new HttpRequestMessage(new HttpMethod(rule.Method), new Uri(rule.Path + query, UriKind.Relative));
        request.Content = body;
        PassOn(context.Request, request, caller);
        using var answer = await unit.SendAsync(request, context.RequestAborted);
        context.Response.Headers.ETag = answer.Headers.ETag?.ToString();
        context.Response.StatusCode = (int)answer.StatusCode;
        var type = answer.Content.Headers.ContentType?.MediaType;
        context.Response.ContentType = type;
        await using var source = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        if (type == EventStream)
        {
            await StreamAsync(context, source, caller);
        }
        else
        {
            await source.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    private static void PassOn(HttpRequest from, HttpRequestMessage to, Caller caller)
    {
        if (from.Headers.IfMatch.Count > 0)
        {
            to.Headers.TryAddWithoutValidation("If-Match", from.Headers.IfMatch.ToString());
        }

        if (from.Headers.TryGetValue(KeyHeader, out var key))
        {
            // Without a key of its own it is for the unit to refuse.
            to.Headers.TryAddWithoutValidation(KeyHeader, key.ToString() is { Length: > 0 } text ? $"{caller.Name} {text}" : "");
        }
    }

    private static async Task<HttpContent?> BodyAsync(HttpContext context, AccessRule rule, Caller caller) =>
        rule switch
        {
            { BodyMax: 0 } => null,
            { Author: AuthorPlace.Commit } => Json(
                (await ReadAsync(context, ApiJson.Default.CommitRequest)) with
                {
                    Author = caller.Name,
                },
                ApiJson.Default.CommitRequest
            ),
            { Author: AuthorPlace.Rollback } => Json(
                (await ReadAsync(context, ApiJson.Default.RollbackRequest)) with
                {
                    Author = caller.Name,
                },
                ApiJson.Default.RollbackRequest
            ),
            _ => new StreamContent(context.Request.Body, BufferBytes),
        };

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type) =>
        await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
        ?? throw new JsonException("the body is null");

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type) => new(JsonSerializer.SerializeToUtf8Bytes(value, type));

    // A comment may stand only between events, so after an empty line.
    private async Task StreamAsync(HttpContext context, Stream source, Caller caller)
    {
        var buffer = new byte[BufferBytes];
        var between = true;
        var read = source.ReadAsync(buffer, context.RequestAborted).AsTask();
        await context.Response.Body.FlushAsync(context.RequestAborted);
        while (authentication.IsStill(caller))
        {
            if (await Task.WhenAny(read, Task.Delay(PingInterval, context.RequestAborted)) != read)
            {
                if (between)
                {
                    await context.Response.Body.WriteAsync(": \n\n"u8.ToArray(), context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }

                continue;
            }

            var length = await read;
            if (length == 0)
            {
                return;
            }

            await context.Response.Body.WriteAsync(buffer.AsMemory(0, length), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            between = buffer.AsSpan(0, length).EndsWith("\n\n"u8);
            read = source.ReadAsync(buffer, context.RequestAborted).AsTask();
        }
    }
}
