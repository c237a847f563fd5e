using Hitless.Core.Api;

namespace Hitless.Daemon.Joining;

/// <summary>What invitations need of the unit.</summary>
public interface IInvitingUnit
{
    /// <summary>Says, among other things, whether a run is open.</summary>
    Task<ClusterStatus> StatusAsync(CancellationToken cancel);

    /// <summary>Puts a line into the unit's events.</summary>
    void Note(string text);

    /// <summary>Starts the daemon anew in service, with what stands in its files then.</summary>
    void RequestRestart();
}
