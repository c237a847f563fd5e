using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace Hitless.Daemon.Http;

/// <summary>Routes whose JSON is source-generated: no reflection at start, nothing hidden between the path and the call.</summary>
internal static class JsonRoutes
{
    public static void Get<TAnswer>(
        this IEndpointRouteBuilder routes,
        string path,
        JsonTypeInfo<TAnswer> answer,
        Func<HttpContext, Task<TAnswer>> handler
    ) => routes.Answer(HttpMethods.Get, path, answer, handler);

    public static void Post<TAnswer>(
        this IEndpointRouteBuilder routes,
        string path,
        JsonTypeInfo<TAnswer> answer,
        Func<HttpContext, Task<TAnswer>> handler
    ) => routes.Answer(HttpMethods.Post, path, answer, handler);

    public static void Post<TRequest, TAnswer>(
        this IEndpointRouteBuilder routes,
        string path,
        JsonTypeInfo<TRequest> request,
        JsonTypeInfo<TAnswer> answer,
        Func<TRequest, CancellationToken, Task<TAnswer>> handler
    )
        where TRequest : class =>
        routes.Post(path, request, answer, (HttpContext context, TRequest body) => handler(body, context.RequestAborted));

    public static void Post<TRequest, TAnswer>(
        this IEndpointRouteBuilder routes,
        string path,
        JsonTypeInfo<TRequest> request,
        JsonTypeInfo<TAnswer> answer,
        Func<HttpContext, TRequest, Task<TAnswer>> handler
    )
        where TRequest : class =>
        routes
            .MapPost(
                path,
                (RequestDelegate)(
                    async context => await context.WriteAsync(answer, await handler(context, await context.ReadAsync(request)))
                )
            )
            .WithMetadata(new RouteTypes(request, answer));

    public static void Answer<TAnswer>(
        this IEndpointRouteBuilder routes,
        string method,
        string path,
        JsonTypeInfo<TAnswer> answer,
        Func<HttpContext, Task<TAnswer>> handler
    ) =>
        routes
            .MapMethods(path, [method], (RequestDelegate)(async context => await context.WriteAsync(answer, await handler(context))))
            .WithMetadata(new RouteTypes(null, answer));

    /// <summary>Server-sent events, one JSON document each, until the source ends, the reader leaves or the unit stops.</summary>
    public static void Stream<TItem>(
        this IEndpointRouteBuilder routes,
        string path,
        JsonTypeInfo<TItem> item,
        Func<HttpContext, CancellationToken, IAsyncEnumerable<TItem>> handler
    ) =>
        routes
            .MapGet(
                path,
                (RequestDelegate)(
                    async context =>
                    {
                        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
                        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
                        try
                        {
                            // The first item is fetched before the headers go out, so that a refusal can still become a status code…
                            await using var items = handler(context, end.Token).GetAsyncEnumerator(end.Token);
                            var first = items.MoveNextAsync().AsTask();
                            if (first.IsCompleted && !await first)
                            {
                                return;
                            }

                            // …but a source with nothing to say yet must not keep the reader waiting for them.
                            context.Response.ContentType = "text/event-stream";
                            context.Response.Headers.CacheControl = "no-cache";
                            if (!first.IsCompleted)
                            {
                                await context.Response.Body.FlushAsync(end.Token);
                            }

                            await SseFormatter.WriteAsync(
                                Items(items, first),
                                context.Response.Body,
                                (source, buffer) =>
                                {
                                    using var json = new Utf8JsonWriter(buffer);
                                    JsonSerializer.Serialize(json, source.Data, item);
                                },
                                end.Token
                            );
                        }
                        catch (OperationCanceledException) when (end.IsCancellationRequested)
                        {
                            // The reader left, or the unit stops: both are the ordinary end of a stream.
                        }
                    }
                )
            )
            .WithMetadata(new RouteTypes(null, item) { Streams = true });

    /// <summary>The body as a record.</summary>
    public static async Task<T> ReadAsync<T>(this HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        var body = await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
            ?? throw new JsonException("the body is null");
        return WholeJson.Gap(type, body) is { } gap ? throw new JsonException($"{gap} is missing") : body;
    }

    public static async Task WriteAsync<T>(this HttpContext context, JsonTypeInfo<T> type, T value, string form = Refusals.Plain)
    {
        context.Response.ContentType = form;
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    /// <summary>Lifts the size limit of one request: images and backups.</summary>
    public static Stream BodyOfAnySize(this HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        return context.Request.Body;
    }

    /// <summary>A query value; null if it is absent or empty.</summary>
    public static string? Text(this HttpContext context, string name) =>
        context.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>A query value as a number; null if it is absent.</summary>
    public static long? Number(this HttpContext context, string name) =>
        context.Text(name) is not { } text ? null
        : long.TryParse(text, out var number) ? number
        : throw new BadHttpRequestException($"{name}={text} is not a number");

    private static async IAsyncEnumerable<SseItem<T>> Items<T>(
        IAsyncEnumerator<T> items,
        Task<bool> first,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        for (var more = await first; more && !cancel.IsCancellationRequested; more = await items.MoveNextAsync())
        {
            yield return new SseItem<T>(items.Current);
        }
    }
}
