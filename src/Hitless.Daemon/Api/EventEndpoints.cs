using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary><c>/v1/events?after=N</c> (server-sent events, without end) and <c>/v1/history?kind=&amp;limit=</c>.</summary>
internal static class EventEndpoints
{
    private const int DefaultLimit = 100;

    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Stream("/v1/events", ApiJson.Default.ClusterEvent, (context, cancel) => unit.EventsAsync(context.Number("after"), cancel));
        routes.Get("/v1/history", ApiJson.Default.IReadOnlyListClusterEvent, context =>
            unit.HistoryAsync(
                context.Text("kind"),
                (int)Math.Clamp(context.Number("limit") ?? DefaultLimit, 0, int.MaxValue),
                context.RequestAborted
            )
        );
    }
}
