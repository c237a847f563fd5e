namespace Hitless.Daemon.Gateway;

/// <summary>
/// What <see cref="GatewayWatch"/> does each second beside what the kernel tells it: looking after something that no message tells of.
/// </summary>
public interface IWatchDuty
{
    /// <summary>Does what is due. Short: routes wait for it. <paramref name="now"/>: of the monotonic clock.</summary>
    void Tick(TimeSpan now);
}
