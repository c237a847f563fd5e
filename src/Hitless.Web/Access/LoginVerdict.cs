using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>
/// What an attempt to log in came to: the user; or how long to wait; or that the password is right and a code is wanted; or none of these:
/// it was judged and is wrong.
/// </summary>
internal sealed record LoginVerdict(WebUser? User, TimeSpan Wait, bool WantsCode)
{
    public static readonly LoginVerdict Wrong = new(null, TimeSpan.Zero, false);

    public static readonly LoginVerdict CodeWanted = new(null, TimeSpan.Zero, true);

    public static LoginVerdict Later(TimeSpan wait) => new(null, wait, false);

    public static LoginVerdict Right(WebUser user) => new(user, TimeSpan.Zero, false);
}
