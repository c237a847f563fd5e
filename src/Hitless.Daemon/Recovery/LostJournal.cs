using Hitless.Daemon.Common;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon.Recovery;

/// <summary>The journal of a run that is gone, or ends earlier than it did.</summary>
public sealed class LostJournal(string self, string run, JournalStore journals, PeerClient peers) : ILostPart
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => $"the journal of {run}";

    /// <inheritdoc/>
    public string Remedy => "what happened in that run is told by the events of the units: hitless history";

    /// <inheritdoc/>
    public bool IsBack => journals.Read(run).Count > 0 && !journals.Damaged.Contains(run, StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<bool> TryFetchAsync(string unit, CancellationToken cancel)
    {
        try
        {
            var theirs = await peers.CallAsync(unit, UpgradeCalls.ReadJournal, new RunQuestion(run, self), Timeout, cancel);
            return theirs.Entries is { Count: > 0 } entries && entries[0]?.Run == run && journals.Put(entries) && IsBack;
        }
        catch (PeerException e) when (e.Kind is PeerFailureKind.Refused or PeerFailureKind.Unknown)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void GiveUp()
    {
        // What can be read of it stays.
    }
}
