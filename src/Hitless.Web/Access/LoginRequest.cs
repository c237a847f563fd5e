namespace Hitless.Web.Access;

/// <summary><c>POST /session</c>. <c>Code</c>: of the user's second factor, where there is one.</summary>
internal sealed record LoginRequest(string User, string Password, string? Code = null);
