using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Forwarding;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;

namespace Hitless.Daemon.Balance;

/// <summary>A unit's answers to the primary that shares its traffic out.</summary>
public sealed class BalanceMember(
    UnitSettings settings,
    ControlLoop control,
    SessionLoop sessions,
    ForwardingWatch forwarding,
    BalanceLoop balance
)
{
    /// <summary>How long the sessions of another unit are waited for.</summary>
    private static readonly TimeSpan AppliedTimeout = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan LagMax = TimeSpan.FromSeconds(1);

    /// <summary>The calls of the other units.</summary>
    public void Map(PeerServer server)
    {
        server.Map(BalanceCalls.Carry, CarryAsync);
        server.Map(BalanceCalls.Barrier, async (_, _) => new BarrierAnswer(await sessions.ReachBarrierAsync()));
        server.Map(BalanceCalls.Applied, async (request, cancel) =>
            new AppliedAnswer(await sessions.AwaitAppliedAsync(request.Sender, request.Sequence, AppliedTimeout, cancel))
        );
    }

    private async Task<CarryAnswer> CarryAsync(CarryRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (view.Primary is not { } primary || primary.Name != request.From || primary.Id == view.Self.Id)
        {
            throw new RefusedException($"{request.From} is not primary for {view.Self.Name}", "hitless status tells who is");
        }

        var ready = await sessions.SetCarriersAsync(settings.Cluster.ActiveActive ? request.Carriers : []);
        var facts = await balance.Kernel.ReadAsync();
        await (balance.Unlisted?.LookAsync() ?? Task.CompletedTask);
        return new CarryAnswer(
            ready,
            await ObstacleAsync(facts),
            facts.Macs.ToDictionary(each => each.Key, each => each.Value.ToString(), StringComparer.Ordinal),
            facts.Forwarded,
            settings.Unit.Weight
        )
        {
            Unlisted = [.. (balance.Unlisted?.Found ?? []).Select(host => host.ToString())],
        };
    }

    private async Task<string?> ObstacleAsync(BalanceFacts facts) =>
        !settings.Cluster.ActiveActive ? "its cluster.mode is active-passive"
        : facts.Down.Count > 0 ? $"its interface {facts.Down[0]} is down"
        : facts.Nameless.Count > 0 ? $"its interface {facts.Nameless[0]} has no address of its own, by which it could find neighbours"
        : forwarding.Status is { AsPrimary: false } ? "it would not forward as the primary does"
        : (await sessions.StatusAsync()).LagMs > LagMax.TotalMilliseconds ? "its sessions lag behind"
        : null;
}
