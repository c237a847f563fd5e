using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary><c>/v1/sessions</c>: <c>?filter=&amp;limit=</c>, <c>/count</c>, <c>/diff?with=UNIT</c>, <c>/resync</c>.</summary>
internal static class SessionEndpoints
{
    private const int DefaultLimit = 1000;

    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Get("/v1/sessions", ApiJson.Default.SessionList, context =>
            unit.ListSessionsAsync(
                context.Text("filter"),
                (int)Math.Clamp(context.Number("limit") ?? DefaultLimit, 0, int.MaxValue),
                context.RequestAborted
            )
        );
        routes.Get("/v1/sessions/count", ApiJson.Default.SessionCount, context => unit.CountSessionsAsync(context.RequestAborted));
        routes.Get("/v1/sessions/diff", ApiJson.Default.SessionDifference, context =>
            unit.CompareSessionsAsync(context.Text("with"), context.RequestAborted)
        );
        routes.Post("/v1/sessions/resync", ApiJson.Default.ResyncResult, context => unit.ResyncSessionsAsync(context.RequestAborted));
    }
}
