using Hitless.Core.Api;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary><c>/v1/upgrade</c>: what can be asked before a run, what can be done to one, and what became of it.</summary>
internal static class UpgradeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Post("/v1/upgrade/check", ApiJson.Default.UpgradeRequest, ApiJson.Default.UpgradeCheck, unit.CheckUpgradeAsync);
        routes.Post("/v1/upgrade/plan", ApiJson.Default.UpgradeRequest, ApiJson.Default.UpgradePlan, unit.PlanUpgradeAsync);
        routes.Post("/v1/upgrade/start", ApiJson.Default.UpgradeRequest, ApiJson.Default.RunStatus, unit.StartUpgradeAsync);
        routes.Get("/v1/upgrade/status", ApiJson.Default.RunStatus!, context => unit.RunAsync(context.RequestAborted));
        routes.Stream("/v1/upgrade/watch", ApiJson.Default.RunStatus, (context, cancel) => unit.WatchRunAsync(context.Text("run"), cancel));
        routes.Post("/v1/upgrade/next", ApiJson.Default.RunStatus, context =>
            unit.OpenGateAsync(context.Text("rehearse") == "true", context.RequestAborted)
        );
        routes.Post("/v1/upgrade/gate", ApiJson.Default.GateWord, ApiJson.Default.RunStatus, unit.PassGateAsync);
        routes.Post("/v1/upgrade/pause", ApiJson.Default.RunStatus, context => unit.PauseRunAsync(context.RequestAborted));
        routes.Post("/v1/upgrade/resume", ApiJson.Default.RunStatus, context => unit.ResumeRunAsync(context.RequestAborted));
        routes.Post("/v1/upgrade/abort", ApiJson.Default.RunStatus, context => unit.AbortRunAsync(context.RequestAborted));
        routes.Post("/v1/upgrade/rollback", ApiJson.Default.RunStatus, context =>
            context.Text("run") is { } run
                ? unit.TakeBackRunAsync(run, context.RequestAborted)
                : unit.RollBackRunAsync(context.RequestAborted)
        );
        routes.Get("/v1/upgrade/report", ApiJson.Default.RunReport, context =>
            unit.RunReportAsync(context.Text("run"), context.RequestAborted)
        );
    }
}
