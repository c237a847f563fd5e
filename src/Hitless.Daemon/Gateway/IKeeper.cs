namespace Hitless.Daemon.Gateway;

/// <summary>Something in the kernel that Hitless has set and that another program may change.</summary>
public interface IKeeper
{
    /// <summary>Puts back what somebody else has changed since; called each second, at <paramref name="now"/> of the monotonic clock.</summary>
    void PutBack(TimeSpan now);
}
