namespace Hitless.Daemon.Http;

/// <summary>If-Match on what makes a new revision of the configuration: the ETag of the revision that it is to follow, its hash.</summary>
internal static class Conditions
{
    // What makes a revision of what the sender has read. A confirmation and a restoration do not.
    private static readonly string[] Conditional = ["/v1/config/commit", "/v1/config/rollback"];

    public static bool IsGiven(HttpRequest request) => request.Headers.IfMatch.Count > 0;

    /// <summary>A condition that nobody would judge must not look as if it had held.</summary>
    /// <exception cref="BadHttpRequestException">The route takes none.</exception>
    public static void Check(HttpRequest request)
    {
        if (IsGiven(request) && !HttpMethods.IsGet(request.Method) && !Conditional.Contains(request.Path.Value, StringComparer.Ordinal))
        {
            throw new BadHttpRequestException($"If-Match is for {string.Join(" and ", Conditional)} alone");
        }
    }

    /// <summary>The hash that the current revision must have; null: any.</summary>
    /// <exception cref="BadHttpRequestException">It is no ETag of ours, or the body names another revision.</exception>
    public static string? Parent(HttpRequest request, string? ofBody)
    {
        if (!IsGiven(request))
        {
            return ofBody;
        }

        if (request.Headers.IfMatch.ToString() is not ['"', .. { Length: > 0 } hash, '"'] || !hash.All(char.IsAsciiHexDigitLower))
        {
            throw new BadHttpRequestException("If-Match wants one ETag of GET /v1/config: a revision's hash in quotation marks");
        }

        return ofBody is null || ofBody == hash
            ? hash
            : throw new BadHttpRequestException("If-Match and the parent in the body name two revisions");
    }
}
