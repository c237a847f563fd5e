using Hitless.Web.Access;

namespace Hitless.Web.Proxy;

/// <summary>
/// The unit's status once a second, as server-sent events, until the reader leaves or may not read any more. However many read, the unit is
/// asked once a second. While it does not answer, the event is <c>unreachable</c>.
/// </summary>
internal sealed class StatusFeed(UnitSocket unit, Authentication authentication) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _one = new(1);
    private byte[]? _latest;
    private long _askedAt;

    public async Task AnswerAsync(HttpContext context, Caller caller)
    {
        context.Response.ContentType = "text/event-stream";
        while (authentication.IsStill(caller))
        {
            var status = await LatestAsync(context.RequestAborted);
            var body = context.Response.Body;
            await body.WriteAsync((status is null ? "event: unreachable\ndata: "u8 : "data: "u8).ToArray(), context.RequestAborted);
            await body.WriteAsync(status ?? "{}"u8.ToArray(), context.RequestAborted);
            await body.WriteAsync("\n\n"u8.ToArray(), context.RequestAborted);
            await body.FlushAsync(context.RequestAborted);
            await Task.Delay(Relay.PingInterval, context.RequestAborted);
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<byte[]?> LatestAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (Environment.TickCount64 - _askedAt >= Relay.PingInterval.TotalMilliseconds / 2)
            {
                using var limit = new CancellationTokenSource(Limit);
                _latest = await AskAsync(limit.Token);
                _askedAt = Environment.TickCount64;
            }

            return _latest;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<byte[]?> AskAsync(CancellationToken cancel)
    {
        try
        {
            return await unit.GetAsync("/v1/status", cancel);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
