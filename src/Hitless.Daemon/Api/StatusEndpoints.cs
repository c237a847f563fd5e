using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary><c>/v1/status</c>, <c>/v1/switchover</c>, <c>/v1/age/reset</c>, <c>/v1/unit/leave</c>.</summary>
internal static class StatusEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Get("/v1/status", ApiJson.Default.ClusterStatus, context => unit.StatusAsync(context.RequestAborted));
        routes.Post("/v1/switchover", ApiJson.Default.SwitchoverRequest, ApiJson.Default.SwitchoverResult, unit.SwitchOverAsync);
        routes.Post("/v1/unit/leave", ApiJson.Default.LeaveRequest, ApiJson.Default.LeaveResult, unit.LeaveAsync);
        routes.Post("/v1/age/reset", ApiJson.Default.AgeResetResult, context => unit.ResetAgeAsync(context.RequestAborted));
    }
}
