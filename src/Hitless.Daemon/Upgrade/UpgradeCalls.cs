using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Changes;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Upgrade;

/// <summary>What units ask of each other during a run.</summary>
public static class UpgradeCalls
{
    /// <summary>The content name under which units fetch images from each other; the key is the image's hash.</summary>
    public const string ImageContent = "image";

    /// <summary>Takes over a journal that is longer than the unit's own.</summary>
    public static PeerCall<JournalDocument, JournalAnswer> PutJournal { get; } =
        new("journal.put", UpgradeJson.Default.JournalDocument, UpgradeJson.Default.JournalAnswer);

    /// <summary>The journal of the unit's last run, empty if there was none.</summary>
    public static PeerCall<PeerQuestion, JournalDocument> GetJournal { get; } =
        new("journal.get", PeerJson.Default.PeerQuestion, UpgradeJson.Default.JournalDocument);

    /// <summary>The journal of any run, empty if it is not there: for a unit that has lost it.</summary>
    public static PeerCall<RunQuestion, JournalDocument> ReadJournal { get; } =
        new("journal.read", UpgradeJson.Default.RunQuestion, UpgradeJson.Default.JournalDocument);

    /// <summary>The report of an ended run as it was kept, null if it is not there: for a unit that has lost it.</summary>
    public static PeerCall<RunQuestion, ReportDocument> ReadReport { get; } =
        new("report.read", UpgradeJson.Default.RunQuestion, UpgradeJson.Default.ReportDocument);

    /// <summary>What is around the traffic on a unit, before a run and now.</summary>
    public static PeerCall<RunQuestion, UnitBeforeAndAfter> CompareSurroundings { get; } =
        new("upgrade.surroundings", UpgradeJson.Default.RunQuestion, UpgradeJson.Default.UnitBeforeAndAfter);

    /// <summary>Brings about the goal of a step on the unit that is asked.</summary>
    public static PeerCall<StepRequest, StepAnswer> Step { get; } =
        new("upgrade.step", UpgradeJson.Default.StepRequest, UpgradeJson.Default.StepAnswer);

    /// <summary>Keeps the sessions of before a switch, to be held against those after it.</summary>
    public static PeerCall<SessionSnapshot, StepAnswer> PutSnapshot { get; } =
        new("upgrade.snapshot", UpgradeJson.Default.SessionSnapshot, UpgradeJson.Default.StepAnswer);

    /// <summary>An operator's start on a standby, passed to the primary.</summary>
    public static PeerCall<ForwardedStart, RunStatus> Start { get; } =
        new("upgrade.start", UpgradeJson.Default.ForwardedStart, UpgradeJson.Default.RunStatus);

    /// <summary>An operator's word on a standby, passed to the primary.</summary>
    public static PeerCall<RunCommand, RunStatus> Command { get; } =
        new("upgrade.command", UpgradeJson.Default.RunCommand, UpgradeJson.Default.RunStatus);

    /// <summary>Somebody's word for a gate on a standby, passed to the primary.</summary>
    public static PeerCall<GateWord, RunStatus> Gate { get; } =
        new("upgrade.gate", UpgradeJson.Default.GateWord, UpgradeJson.Default.RunStatus);

    /// <summary>An operator wants an ended run taken back, passed to the primary.</summary>
    public static PeerCall<TakeBackRequest, RunStatus> TakeBack { get; } =
        new("upgrade.take-back", UpgradeJson.Default.TakeBackRequest, UpgradeJson.Default.RunStatus);

    /// <summary>An operator's switchover on a standby, passed to the primary.</summary>
    public static PeerCall<SwitchoverRequest, SwitchoverResult> SwitchOver { get; } =
        new("unit.switchover", UpgradeJson.Default.SwitchoverRequest, UpgradeJson.Default.SwitchoverResult);

    /// <summary>What the asked unit says of itself.</summary>
    public static PeerCall<PeerQuestion, UnitStatus> Status { get; } =
        new("unit.status", PeerJson.Default.PeerQuestion, UpgradeJson.Default.UnitStatus);
}

/// <summary>A whole journal, oldest entry first.</summary>
public sealed record JournalDocument(IReadOnlyList<JournalEntry> Entries);

/// <summary>A run that something is asked of, and the unit that asks.</summary>
public sealed record RunQuestion(string Run, string From);

/// <summary>A kept report.</summary>
public sealed record ReportDocument(RunReport? Report);

/// <summary>
/// What a unit says to a journal: the one on its own disk is <paramref name="Further"/>, so the sender is not the driver any more.
/// </summary>
public sealed record JournalAnswer(bool Further);

/// <summary>
/// A step that a unit is to take. <c>From</c> is the unit that asks (it has the image); <c>Version</c> the one to be run.
/// </summary>
public sealed record StepRequest(
    string Step,
    string Run,
    string Image,
    string Version,
    string From,
    bool AcceptConversion = false,
    bool Simultaneous = false
);

/// <summary>An ended run that is to be taken back.</summary>
public sealed record TakeBackRequest(string Run, string From);

/// <summary>Done, with words.</summary>
public sealed record StepAnswer(string? Detail);

/// <summary>A start with the unit that has the image.</summary>
public sealed record ForwardedStart(UpgradeRequest Request, string From);
