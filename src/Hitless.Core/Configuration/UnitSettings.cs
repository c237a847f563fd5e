using System.Net;
using Hitless.Core.Balance;
using Hitless.Core.Forwarding;
using Hitless.Core.Notices;
using Hitless.Core.Sessions;

namespace Hitless.Core.Configuration;

/// <summary>
/// Everything that <c>unit.yaml</c> says, with the defaults filled in (contract.md, "A unit"). Immutable; made by the daemon's reader.
/// </summary>
public sealed record UnitSettings(
    ClusterSettings Cluster,
    IdentitySettings Unit,
    HeartbeatSettings Heartbeat,
    IReadOnlyList<PortSettings> Interfaces,
    SessionSettings Sessions,
    IReadOnlyList<ManagedFileSettings> Files,
    IReadOnlyList<ProbeSettings> Health,
    UpgradeSettings Upgrade
)
{
    /// <summary><c>election:</c>.</summary>
    public ElectionSettings Election { get; init; } = new(1, TimeSpan.FromMinutes(10), null);

    /// <summary>
    /// <c>forwarding.ignore</c>: what units may have differently (<see cref="Forwarding.ForwardingItem.Name"/>; <c>*</c> stands for any
    /// characters).
    /// </summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary><c>forwarding.rules</c>: policy rules that every unit has.</summary>
    public IReadOnlyList<DeclaredRule> Rules { get; init; } = [];

    /// <summary><c>compare:</c>: commands whose output is compared before and after a run.</summary>
    public IReadOnlyList<ComparedCommand> Compared { get; init; } = [];

    /// <summary><c>services:</c>: units of systemd that follow the role.</summary>
    public IReadOnlyList<ServiceSettings> Services { get; init; } = [];

    /// <summary><c>hooks:</c>: commands that are run when the role changes.</summary>
    public HookSettings Hooks { get; init; } = HookSettings.None;

    /// <summary><c>notices:</c>: who is told of this unit's events.</summary>
    public IReadOnlyList<NoticeSettings> Notices { get; init; } = [];

    /// <summary>The rest of <c>configuration:</c>, beside <see cref="Files"/>.</summary>
    public KeepSettings Keep { get; init; } = new(200, TimeSpan.FromDays(1), 14);

    /// <summary><c>sessions.link</c>: a network for sessions alone; null: they share the heartbeat links.</summary>
    public HeartbeatLinkSettings? SessionLink { get; init; }

    /// <summary>Where sessions travel, the preferred link first: <c>sessions.link</c> if there is one, then the heartbeat links.</summary>
    public IReadOnlyList<HeartbeatLinkSettings> SessionLinks => SessionLink is { } own ? [own, .. Heartbeat.Links] : Heartbeat.Links;

    /// <summary><c>balance.schedule</c>: how flows are shared out in mode <c>active-active</c>.</summary>
    public BalanceSchedule Schedule { get; init; } = BalanceSchedule.Ip;

    /// <summary><c>balance.on-primary</c>: networks whose flows no other unit carries.</summary>
    public IReadOnlyList<AddressPrefix> KeptOnPrimary { get; init; } = [];

    /// <summary><c>unit.values</c>: what <c>{{name}}</c> in a template stands for on this unit.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>A command of <c>compare:</c>, run by <c>/bin/sh -c</c> as root.</summary>
public sealed record ComparedCommand(string Name, string Command);

/// <summary><c>configuration.keep-revisions</c>, <c>backup-every</c> (zero: never) and <c>keep-backups</c>.</summary>
public sealed record KeepSettings(int Revisions, TimeSpan BackupEvery, int Backups);

/// <summary><c>cluster:</c>. <c>Group</c> is 0-1023 and becomes part of the virtual MAC. <c>KeyFile</c> is an absolute path.</summary>
public sealed record ClusterSettings(string Name, int Group, bool ActiveActive, string KeyFile);

/// <summary><c>unit:</c>. Higher priority wins (0-255, default 128).</summary>
public sealed record IdentitySettings(string Name, int Priority, bool Override)
{
    /// <summary><c>unit.weight</c>: its share of the traffic by the schedule <c>weighted-round-robin</c>.</summary>
    public int Weight { get; init; } = 1;

    /// <summary><c>unit.commands-from: unit</c>: cluster.yaml lists no files and no commands on this unit.</summary>
    public bool OwnCommands { get; init; }

    /// <summary><c>unit.slots</c>: whether RAUC holds the slots, as whole systems; else they are folders.</summary>
    public bool RaucSlots { get; init; }
}

/// <summary>
/// <c>heartbeat:</c>. A peer is silent after <c>Interval</c> × <c>LostThreshold</c> without a heartbeat on any link. <c>Port</c>: UDP
/// heartbeats, and TCP for the units' own API.
/// </summary>
public sealed record HeartbeatSettings(IReadOnlyList<HeartbeatLinkSettings> Links, TimeSpan Interval, int LostThreshold, int Port);

/// <summary>One heartbeat link (or the session link): our address on it and the peers' addresses on it.</summary>
public sealed record HeartbeatLinkSettings(string Interface, IPAddress Address, IReadOnlyList<IPAddress> Peers);

/// <summary>One port with the virtual addresses on it.</summary>
public sealed record PortSettings(string Name, IReadOnlyList<AddressPrefix> VirtualAddresses, bool Monitor)
{
    /// <summary>How many there may be.</summary>
    public const int Max = 64;

    /// <summary>False: the virtual addresses are answered with the unit's own MAC, and move by announcement alone.</summary>
    public bool HasVirtualMac { get; init; } = true;

    /// <summary>The id in the virtual MAC, if the operator gave one.</summary>
    public int? VirtualMacId { get; init; }

    /// <summary>Routes by this interface that every unit has.</summary>
    public IReadOnlyList<DeclaredRoute> Routes { get; init; } = [];

    /// <summary>Which side of the gateway it is on; null: outside if a default route leads out of it, else inside.</summary>
    public PortSide? Side { get; init; }
}

/// <summary><c>interfaces[].side</c>: whose addresses load balancing goes by.</summary>
public enum PortSide
{
    /// <summary>Flows are shared out by the addresses on this side.</summary>
    Inside,

    /// <summary>The rest of the world.</summary>
    Outside,
}

/// <summary>One entry of <c>configuration.files</c>; the keys are those of <see cref="Api.ManagedFile"/>.</summary>
public sealed record ManagedFileSettings(
    string Path,
    string? Check,
    string? Apply,
    string? Verify = null,
    string? Owner = null,
    string? Mode = null,
    int Order = 0,
    bool Template = false,
    bool Secret = false
);

/// <summary>
/// <c>upgrade:</c>. <c>UptimeMargin</c>: ages closer than this are equal. <c>RejoinTimeout</c>: how long a restarted or absent unit may
/// take to come back. <c>TrustFile</c>: PEM certificates whose images are accepted. <c>SessionDifferenceLimit</c>: sessions that may be
/// missing at the gate.
/// </summary>
public sealed record UpgradeSettings(
    TimeSpan Soak,
    TimeSpan UptimeMargin,
    TimeSpan RejoinTimeout,
    TimeSpan ConfirmTimeout,
    string? TrustFile,
    double SessionDifferenceLimit
)
{
    /// <summary>Where the index of newer images is: an address (http, https), or the absolute path of a file; null: nowhere.</summary>
    public string? Feed { get; init; }

    /// <summary>Images of older versions are refused unless an operator says otherwise; null: none is too old.</summary>
    public string? MinimumVersion { get; init; }

    /// <summary>The times in which runs may begin, in the unit's local time; empty: always.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary><c>upgrade.gates</c>: what a run waits for outside of the cluster.</summary>
    public IReadOnlyList<OutsideGate> Gates { get; init; } = [];

    /// <summary>
    /// <c>upgrade.expect</c>: what a run may change around the traffic (names as the report prints them; <c>*</c> stands for
    /// any characters).
    /// </summary>
    public IReadOnlyList<string> Expect { get; init; } = [];
}
