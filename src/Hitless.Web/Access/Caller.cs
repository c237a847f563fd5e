using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>Who a request comes from: a user by its log-in, or a token.</summary>
/// <param name="Name">Of the user or the token.</param>
/// <param name="Role">Its role when the request came.</param>
/// <param name="Ticket">The log-in; null: a token.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
internal sealed record Caller(string Name, WebRole Role, SessionTicket? Ticket, DateTimeOffset ExpiresAt)
{
    /// <summary>A token is sent by a program that means to; a cookie is sent by a browser whoever made it ask.</summary>
    public bool IsToken => Ticket is null;
}
