using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace Hitless.Web.Hosting;

/// <summary>
/// The files of the page, which lie compressed in the program. They hold no data: everything that they show they ask for, by a log-in.
/// </summary>
internal sealed class PageFiles
{
    private readonly Dictionary<string, PageFile> _files = new(StringComparer.Ordinal)
    {
        ["/"] = Load("index.html", "text/html; charset=utf-8"),
        ["/app.js"] = Load("app.js", "text/javascript; charset=utf-8"),
        ["/app.css"] = Load("app.css", "text/css; charset=utf-8"),
        ["/favicon.svg"] = Load("favicon.svg", "image/svg+xml"),
    };

    /// <summary>Answers if the path is a file of the page.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || !_files.TryGetValue(context.Request.Path.Value ?? "", out var file))
        {
            return false;
        }

        var response = context.Response;
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = "Accept-Encoding";
        if (context.Request.Headers.IfNoneMatch.ToString() == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }

        response.ContentType = file.Type;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "gzip";
            await response.Body.WriteAsync(file.Compressed, context.RequestAborted);
        }
        else
        {
            await using var plain = new GZipStream(new MemoryStream(file.Compressed), CompressionMode.Decompress);
            await plain.CopyToAsync(response.Body, context.RequestAborted);
        }

        return true;
    }

    private static PageFile Load(string name, string type)
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream($"page/{name}")
            ?? throw new InvalidOperationException($"no page/{name}");
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return new PageFile(type, bytes.ToArray(), $"\"{Convert.ToHexString(SHA256.HashData(bytes.ToArray()), 0, 8)}\"");
    }

    private sealed record PageFile(string Type, byte[] Compressed, string Tag);
}
