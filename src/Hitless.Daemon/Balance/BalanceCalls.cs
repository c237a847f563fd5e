using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Wire;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Balance;

/// <summary>What a primary asks the others for load balancing. Units of older versions do not know it, and carry nothing.</summary>
public static class BalanceCalls
{
    /// <summary>Who carries flows beside the primary; answered by what the unit can do. Asked again and again.</summary>
    public static PeerCall<CarryRequest, CarryAnswer> Carry { get; } =
        new("balance.carry", BalanceJson.Default.CarryRequest, BalanceJson.Default.CarryAnswer);

    /// <summary>Sends all sessions that the unit has, and says up to which frame that is.</summary>
    public static PeerCall<PeerQuestion, BarrierAnswer> Barrier { get; } =
        new("balance.barrier", PeerJson.Default.PeerQuestion, BalanceJson.Default.BarrierAnswer);

    /// <summary>Waits until a unit's sessions up to a frame are in the kernel.</summary>
    public static PeerCall<AppliedRequest, AppliedAnswer> Applied { get; } =
        new("balance.applied", BalanceJson.Default.AppliedRequest, BalanceJson.Default.AppliedAnswer);

    /// <summary>Who forwards which bucket: asked of the primary.</summary>
    public static PeerCall<PeerQuestion, OwnersAnswer> Owners { get; } =
        new("balance.owners", PeerJson.Default.PeerQuestion, BalanceJson.Default.OwnersAnswer);
}

/// <summary>
/// The primary <paramref name="From"/> says which units carry flows beside it (ids); empty: none. Whoever is among them tells its sessions.
/// </summary>
public sealed record CarryRequest(string From, IReadOnlyList<UnitId> Carriers);

/// <summary>
/// <paramref name="Ready"/>: all units that carry are followed here. <paramref name="Obstacle"/>: why this unit can carry nothing now;
/// null: it can. <paramref name="Macs"/>: its own MAC on each interface. <paramref name="Forwarded"/>: packets that its kernel has
/// forwarded. <paramref name="Weight"/>: <c>unit.weight</c>.
/// </summary>
public sealed record CarryAnswer(bool Ready, string? Obstacle, IReadOnlyDictionary<string, string> Macs, long Forwarded, int Weight)
{
    /// <inheritdoc cref="CarryAnswer"/>
    public IReadOnlyDictionary<string, string> Macs
    {
        get;
        init => field = value ?? new Dictionary<string, string>(StringComparer.Ordinal);
    } = Macs;

    /// <summary>
    /// Inside hosts whose flows this unit translates though no listed network has them (<see cref="UnlistedHosts"/>), as addresses. Older
    /// versions do not say.
    /// </summary>
    public IReadOnlyList<string> Unlisted
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>All sessions are in the frames up to <paramref name="Sequence"/>.</summary>
public sealed record BarrierAnswer(ulong Sequence);

/// <summary>Frames of <paramref name="Sender"/> (its id) up to <paramref name="Sequence"/>.</summary>
public sealed record AppliedRequest(string From, UnitId Sender, ulong Sequence);

/// <summary>Whether they are in the kernel.</summary>
public sealed record AppliedAnswer(bool Ok);

/// <summary>The name of each bucket's owner; empty: the primary hands nothing on.</summary>
public sealed record OwnersAnswer(IReadOnlyList<string> Owners)
{
    /// <inheritdoc cref="OwnersAnswer"/>
    public IReadOnlyList<string> Owners
    {
        get;
        init => field = value ?? [];
    } = Owners;

    /// <summary>Hosts whose flows stay on the primary beside the listed networks (<see cref="UnlistedHosts"/>), as addresses.</summary>
    public IReadOnlyList<string> Unlisted
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>The JSON of <see cref="BalanceCalls"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CarryRequest))]
[JsonSerializable(typeof(CarryAnswer))]
[JsonSerializable(typeof(BarrierAnswer))]
[JsonSerializable(typeof(AppliedRequest))]
[JsonSerializable(typeof(AppliedAnswer))]
[JsonSerializable(typeof(OwnersAnswer))]
public sealed partial class BalanceJson : JsonSerializerContext;
