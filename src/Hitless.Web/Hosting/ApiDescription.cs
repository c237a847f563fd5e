using System.Reflection;

namespace Hitless.Web.Hosting;

/// <summary>docs/openapi.json, which lies in the program.</summary>
internal static class ApiDescription
{
    public static async Task AnswerAsync(HttpContext context)
    {
        await using var text = Assembly.GetExecutingAssembly().GetManifestResourceStream("openapi.json")
            ?? throw new InvalidOperationException("no openapi.json");
        context.Response.ContentType = "application/json";
        await text.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
