using Hitless.Daemon.Common;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon.Recovery;

/// <summary>The report of a run whose file is gone, or does not say what was sealed.</summary>
public sealed class LostReport(string self, string run, ReportArchive reports, PeerClient peers) : ILostPart
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => $"the report of {run}";

    /// <inheritdoc/>
    public string Remedy => $"hitless upgrade report {run} makes one from the journal of the run, without its seal";

    /// <inheritdoc/>
    public bool IsBack => reports.Read(run) is not null;

    /// <inheritdoc/>
    public async Task<bool> TryFetchAsync(string unit, CancellationToken cancel)
    {
        try
        {
            var theirs = await peers.CallAsync(unit, UpgradeCalls.ReadReport, new RunQuestion(run, self), Timeout, cancel);
            if (theirs.Report is not { } report || !ReportArchive.IsIntact(report, run))
            {
                return false;
            }

            reports.Keep(report);
            return IsBack;
        }
        catch (PeerException e) when (e.Kind is PeerFailureKind.Refused or PeerFailureKind.Unknown)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void GiveUp() => reports.Remove(run);
}
