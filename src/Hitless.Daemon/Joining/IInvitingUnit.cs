using Hitless.Core.Api;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Joining;

/// <summary>What invitations need of the unit.</summary>
public interface IInvitingUnit
{
    /// <summary>Says, among other things, whether a run is open.</summary>
    Task<ClusterStatus> StatusAsync(CancellationToken cancel);

    /// <summary>Asks another unit.</summary>
    /// <exception cref="Common.RefusedException">It refuses, does not answer, or does not know the question.</exception>
    Task<TAnswer> AskAsync<TRequest, TAnswer>(string unit, PeerCall<TRequest, TAnswer> call, TRequest request, CancellationToken cancel);

    /// <summary>Puts a line into the unit's events.</summary>
    void Note(string text);

    /// <summary>Starts the daemon anew in service, with what stands in its files then.</summary>
    void RequestRestart();
}
