namespace Hitless.Web.Access;

/// <summary>
/// Whether a request that changes something comes from our own page. Another site's page can make a browser send a cookie at most (and
/// ours is SameSite=Strict); it can set neither this header, nor the origin that the browser names.
/// </summary>
internal static class Origins
{
    /// <summary>The header that our own page sets.</summary>
    public const string Header = "Hitless-Request";

    public static bool IsOwn(HttpRequest request) =>
        request.Headers.ContainsKey(Header)
        && request.Headers.Origin.ToString() is var origin
        && (origin.Length == 0 || string.Equals(origin, $"https://{request.Host.Value}", StringComparison.OrdinalIgnoreCase))
        && request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin";
}
