using Hitless.Core.Api;
using Hitless.Core.Web;

namespace Hitless.Web.Proxy;

/// <summary><c>/metrics</c>, from the unit's status and the report of its last run.</summary>
internal static class MetricsPage
{
    public static async Task AnswerAsync(HttpContext context, UnitSocket unit)
    {
        var cancel = context.RequestAborted;
        var status = await unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, cancel)
            ?? throw new HttpRequestException("the unit does not tell its status");
        var report = await unit.GetAsync("/v1/upgrade/report", ApiJson.Default.RunReport, cancel);
        var openMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.Ordinal);
        context.Response.ContentType = openMetrics ? ClusterMetrics.OpenMetricsType : ClusterMetrics.PrometheusType;
        await context.Response.WriteAsync(ClusterMetrics.Write(status, Ended(report, status.Upgrade), openMetrics), cancel);
    }

    // The report of a run that is still open is none yet.
    private static RunReport? Ended(RunReport? report, RunStatus? open) => report?.Run == open?.Run ? null : report;
}
