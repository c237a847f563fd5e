using System.Security.Cryptography;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>Finds who a request comes from, and whether that is still so while a stream is read.</summary>
internal sealed class Authentication(SecretsFile secrets, EndedSessions ended)
{
    /// <summary>A browser keeps a cookie of this name for this host alone, and takes it by HTTPS alone.</summary>
    private const string CookieName = "__Host-hitless";

    private const string Bearer = "Bearer ";

    /// <summary>The caller; null: nobody that we know.</summary>
    public Caller? Find(HttpRequest request)
    {
        var now = DateTimeOffset.UtcNow;
        if (request.Headers.Authorization.ToString() is { Length: > 0 } header)
        {
            return
                header.StartsWith(Bearer, StringComparison.Ordinal)
                && TokenText.Find(secrets.Current.Tokens, header[Bearer.Length..].Trim(), now) is { } token
                ? new Caller(token.Name, token.Role, null, token.ExpiresAt)
                : null;
        }

        return
            request.Cookies[CookieName] is { } cookie
            && SessionTicket.Open(cookie, secrets.Current.SessionKey, now) is { } ticket
            && UserOf(ticket) is { } user
            ? new Caller(user.Name, user.Role, ticket, ticket.IssuedAt + SessionTicket.Lifetime)
            : null;
    }

    /// <summary>Whether a caller that was found may go on.</summary>
    public bool IsStill(Caller caller) =>
        DateTimeOffset.UtcNow < caller.ExpiresAt
        && (
            caller.Ticket is { } ticket
                ? UserOf(ticket)?.Role == caller.Role
                : secrets.Current.Tokens.Any(token => token.Name == caller.Name && token.Role == caller.Role)
        );

    /// <summary>Makes a log-in and gives it to the browser.</summary>
    public Caller Begin(HttpResponse response, WebUser user)
    {
        var ticket = new SessionTicket(
            user.Name,
            user.Stamp,
            new Guid(RandomNumberGenerator.GetBytes(16)),
            DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds())
        );
        response.Cookies.Append(CookieName, ticket.Seal(secrets.Current.SessionKey), Options());
        return new Caller(user.Name, user.Role, ticket, ticket.IssuedAt + SessionTicket.Lifetime);
    }

    /// <summary>Ends a log-in here, and has the browser forget it.</summary>
    public void End(HttpResponse response, SessionTicket ticket)
    {
        ended.Add(ticket);
        response.Cookies.Delete(CookieName, Options());
    }

    private static CookieOptions Options() =>
        new()
        {
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
        };

    private WebUser? UserOf(SessionTicket ticket) =>
        ended.Contains(ticket)
            ? null
            : secrets.Current.Users.FirstOrDefault(user => user.Name == ticket.User && user.Stamp == ticket.Stamp);
}
