using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Api;

/// <summary>
/// <c>/v1/config</c>: <c>?revision=</c>, <c>/settings</c>, <c>/schema?file=</c>, <c>/diff?from=&amp;to=</c>, <c>/commit</c>,
/// <c>/confirm?author=</c>, <c>/history</c>, <c>/rollback</c>, <c>/report</c>, <c>/sync</c>, <c>/backup?secrets=</c>,
/// <c>/restore?author=</c>.
/// </summary>
internal static class ConfigurationEndpoints
{
    private const string UnnamedAuthor = "unknown";

    public static void Map(IEndpointRouteBuilder routes, IUnit unit)
    {
        MapReading(routes, unit);
        MapCommits(routes, unit);
        MapBackups(routes, unit);
    }

    private static void MapReading(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Get("/v1/config", ApiJson.Default.Revision, async context =>
        {
            var revision = await unit.ConfigurationAsync(context.Text("revision"), context.RequestAborted);
            context.Response.Headers.ETag = $"\"{revision.Info.Hash}\"";
            return revision;
        });
        routes.Get("/v1/config/settings", ApiJson.Default.ConfigurationSettings, context =>
            unit.ConfigurationSettingsAsync(context.RequestAborted)
        );
        routes.MapGet(
            "/v1/config/schema",
            (RequestDelegate)(
                context =>
                {
                    context.Response.ContentType = "application/schema+json";
                    return context.Response.WriteAsync(
                        UnitKeys.JsonSchema(ofCluster: context.Text("file") == ClusterFile.Path),
                        context.RequestAborted
                    );
                }
            )
        );
        routes.Get("/v1/config/diff", ApiJson.Default.ConfigurationDifference, context =>
            unit.CompareConfigurationAsync(context.Text("from"), context.Text("to"), context.RequestAborted)
        );
        routes.Get("/v1/config/history", ApiJson.Default.ConfigurationHistory, context =>
            unit.ConfigurationHistoryAsync(context.RequestAborted)
        );
        routes.Get("/v1/config/report", ApiJson.Default.SyncReport, context => unit.ConfigurationReportAsync(context.RequestAborted));
    }

    private static void MapCommits(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.Post(
            "/v1/config/commit",
            ApiJson.Default.CommitRequest,
            ApiJson.Default.CommitResult,
            (HttpContext context, CommitRequest request) =>
                unit.CommitConfigurationAsync(
                    request with
                    {
                        Parent = Conditions.Parent(context.Request, request.Parent),
                    },
                    context.RequestAborted
                )
        );
        routes.Post("/v1/config/confirm", ApiJson.Default.CommitResult, context =>
            unit.ConfirmConfigurationAsync(context.Text("author") ?? UnnamedAuthor, context.RequestAborted)
        );
        routes.Post(
            "/v1/config/rollback",
            ApiJson.Default.RollbackRequest,
            ApiJson.Default.CommitResult,
            (HttpContext context, RollbackRequest request) =>
                unit.RollBackConfigurationAsync(
                    request with
                    {
                        Parent = Conditions.Parent(context.Request, request.Parent),
                    },
                    context.RequestAborted
                )
        );
        routes.Post("/v1/config/sync", ApiJson.Default.SyncReport, context => unit.SyncConfigurationAsync(context.RequestAborted));
    }

    private static void MapBackups(IEndpointRouteBuilder routes, IUnit unit)
    {
        routes.MapGet(
            "/v1/config/backup",
            (RequestDelegate)(
                context =>
                {
                    context.Response.ContentType = "application/octet-stream";
                    return unit.BackUpConfigurationAsync(context.Response.Body, context.Text("secrets") != "false", context.RequestAborted);
                }
            )
        );
        routes.Post("/v1/config/restore", ApiJson.Default.CommitResult, context =>
            unit.RestoreConfigurationAsync(context.BodyOfAnySize(), context.Text("author") ?? UnnamedAuthor, context.RequestAborted)
        );
    }
}
