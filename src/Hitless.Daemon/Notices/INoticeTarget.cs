using Hitless.Core.Api;

namespace Hitless.Daemon.Notices;

/// <summary>Somebody who is told of events.</summary>
internal interface INoticeTarget : IDisposable
{
    /// <summary>Tells one; null once it is taken, else why it was not.</summary>
    Task<string?> TellAsync(ClusterEvent told, CancellationToken cancel);
}
