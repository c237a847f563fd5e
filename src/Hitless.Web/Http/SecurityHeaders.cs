namespace Hitless.Web.Http;

/// <summary>
/// The headers of every answer. No Strict-Transport-Security: it would keep a browser from a certificate of our own making.
/// </summary>
internal static class SecurityHeaders
{
    private const string Policy =
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'";

    public static void Set(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.CacheControl = "no-store";

        // Each answer ends its connection: after a switch no request can be sent into one whose unit is mute.
        headers.Connection = "close";
    }
}
