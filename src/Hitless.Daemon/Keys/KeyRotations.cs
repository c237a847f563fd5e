using System.Security.Cryptography;
using Hitless.Core.Api;
using Hitless.Core.Keys;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Http;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon.Keys;

/// <summary>
/// <c>hitless key rotate</c>, on every unit (docs/decisions/0062): begins a rotation, answers the others' offers, and takes this unit
/// further as soon as <see cref="KeyRotation"/> lets it. A rotation that is found in the key file at the start goes on.
/// </summary>
/// <param name="name">This unit's name.</param>
/// <param name="unitCount">How many units the configuration speaks of.</param>
/// <param name="holder">This unit's keys.</param>
/// <param name="control">Knows who is there.</param>
/// <param name="peers">Asks the others.</param>
/// <param name="journals">Whether a run is open.</param>
/// <param name="events">Takes each phase.</param>
public sealed class KeyRotations(
    string name,
    int unitCount,
    KeyHolder holder,
    ControlLoop control,
    PeerClient peers,
    JournalStore journals,
    EventLog events
) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim one = new(1, 1);
    private IReadOnlyList<string> reasons = [];

    /// <summary>A rotation is under way, and what it waits for; null: there is none.</summary>
    public string? Problem =>
        holder.Now is { IsRotating: true } keys
            ? $"the cluster key is being rotated: this unit {Words(keys.Phase)}"
                + $"{string.Concat(Volatile.Read(ref reasons).Select(reason => $"; {reason}"))}; it goes on by itself, and "
                + "without units that do not come back after hitless key rotate --force"
            : null;

    /// <summary>Two keys are there.</summary>
    public bool IsRotating => holder.Now.IsRotating;

    /// <summary><c>POST /v1/key/rotate</c> of the unit's own API, and the calls of the other units.</summary>
    public void Map(PeerServer server)
    {
        server.Map(KeyCalls.Offer, TakeAsync);
        server.Map(KeyCalls.State, (_, _) => Task.FromResult(new KeyState(holder.Now.Sending.Id, holder.Now.IsRotating)));
    }

    /// <inheritdoc cref="Map(PeerServer)"/>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.Post("/v1/key/rotate", ApiJson.Default.KeyRotationRequest, ApiJson.Default.KeyRotationResult, RotateAsync);

    /// <summary>Begins a rotation, or lets the one that is under way go on, and waits for its end for some time.</summary>
    /// <exception cref="RefusedException">A unit is missing, or a run is open; nothing has changed.</exception>
    public Task<KeyRotationResult> RotateAsync(KeyRotationRequest request, CancellationToken cancel) => RotateAsync(request, null, cancel);

    /// <summary>Likewise without a unit that is removed, whether or not it is there.</summary>
    /// <exception cref="RefusedException">A unit is missing, or a run is open; nothing has changed.</exception>
    public async Task<KeyRotationResult> RotateAsync(KeyRotationRequest request, string? removed, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var present = view.Units.Where(unit => unit.Present && unit.Name != removed).Select(unit => unit.Name).ToList();
        var absent = view.Units.Where(unit => !unit.Present && unit.Name != removed).Select(unit => unit.Name).ToList();
        var unknown = unitCount - present.Count - absent.Count - (removed is null ? 0 : 1);
        IReadOnlyList<string> members;
        await one.WaitAsync(cancel);
        try
        {
            if (removed is not null && holder.Now.Members.Contains(removed))
            {
                throw new RefusedException(
                    $"a rotation that takes in {removed} is under way",
                    "let it end first: hitless key rotate --force"
                );
            }

            if (!holder.Now.IsRotating)
            {
                await BeginAsync(
                    present,
                    request.Force ? [] : [.. absent, .. unknown > 0 ? [$"{unknown} never heard"] : Array.Empty<string>()],
                    cancel
                );
            }
            else if (request.Force || removed is not null)
            {
                await SetAsync(holder.Now.Among(present));
            }

            members = holder.Now.Members;
        }
        finally
        {
            one.Release();
        }

        return await EndAsync(members, absent, cancel);
    }

    /// <summary>Takes this unit further whenever it may, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            while (holder.Now is { IsRotating: true } keys && await TryAdvanceAsync(keys, cancel)) { }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private static string Words(KeyPhase phase) =>
        phase == KeyPhase.Accepts
            ? "accepts the new key and sends with the former one"
            : "sends with the new key and accepts the former one";

    private async Task BeginAsync(List<string> present, string[] missing, CancellationToken cancel)
    {
        if (journals.Last() is { } open && RunJournal.IsOpen(open))
        {
            throw new RefusedException("an upgrade is under way", "let it end, or end it with hitless upgrade abort");
        }

        if (missing.Length > 0)
        {
            throw new RefusedException(
                $"not every unit is there ({string.Join(", ", missing)}): who misses a rotation has the former key, and is refused",
                "wait until hitless status shows all units; or hitless key rotate --force, and copy the key file there afterwards"
            );
        }

        foreach (var unit in present.Where(unit => unit != name))
        {
            await RefuseUnlessReadyAsync(unit, cancel);
        }

        events.Add(EventKinds.Unit, $"a rotation of the cluster key begins; it takes in {string.Join(", ", present)}");
        await SetAsync(holder.Now.With(new ClusterKey(RandomNumberGenerator.GetBytes(ClusterKey.Size)), present));
    }

    private async Task RefuseUnlessReadyAsync(string unit, CancellationToken cancel)
    {
        try
        {
            if ((await peers.CallAsync(unit, KeyCalls.State, new PeerQuestion(name), CallTimeout, cancel)).Rotating)
            {
                throw new RefusedException($"{unit} is in the middle of a rotation", $"let it end: hitless status on {unit}");
            }
        }
        catch (PeerException e) when (e.Kind == PeerFailureKind.Unknown)
        {
            throw new RefusedException($"the version of {unit} cannot rotate the key", $"upgrade {unit} first: hitless upgrade start", e);
        }
        catch (PeerException e)
        {
            throw new RefusedException(e.Refusal, e);
        }
    }

    private async Task<KeyAnswer> TakeAsync(KeyOffer offer, CancellationToken cancel)
    {
        if (offer.To != name || offer.Members is null || !ClusterKey.TryParse(offer.Next ?? "", out var next, out _))
        {
            throw new RefusedException(
                $"{offer.From} offered {name} a key that is none, or not its own",
                $"look at hitless events on {offer.From}"
            );
        }

        await one.WaitAsync(cancel);
        try
        {
            var (keys, phase) = KeyRotation.Receive(holder.Now, offer.Former, next, offer.Members);
            if (!ReferenceEquals(keys, holder.Now))
            {
                await SetAsync(keys);
            }

            return new KeyAnswer(phase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{name} cannot write its key file: {e.Message}", $"look at the disk of {name}", e);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<bool> TryAdvanceAsync(ClusterKeys keys, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(keys.Members.Where(unit => unit != name).Select(unit => OfferAsync(unit, keys, cancel)));
        var waitsFor = KeyRotation.WaitsFor(
            keys,
            name,
            answers.Where(answer => answer.Phase is not null).ToDictionary(answer => answer.Unit, answer => answer.Phase!.Value)
        );
        Volatile.Write(
            ref reasons,
            [.. answers.Where(answer => waitsFor.Contains(answer.Unit)).Select(answer => $"waits for {answer.Unit} ({answer.Reason})")]
        );
        if (waitsFor.Count > 0)
        {
            return false;
        }

        await one.WaitAsync(cancel);
        try
        {
            // An offer may have come meanwhile.
            if (ReferenceEquals(keys, holder.Now))
            {
                await SetAsync(keys.Advanced());
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref reasons, [$"its key file cannot be written: {e.Message}"]);
            return false;
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<(string Unit, KeyPhase? Phase, string Reason)> OfferAsync(string unit, ClusterKeys keys, CancellationToken cancel)
    {
        try
        {
            var offer = new KeyOffer(name, unit, keys.Former.Id, keys.Next.ToFileText(), keys.Members);
            var answer = await peers.CallAsync(unit, KeyCalls.Offer, offer, CallTimeout, cancel);
            return (unit, answer.Phase, answer.Phase is null ? "it is in another rotation" : "it is one phase behind");
        }
        catch (PeerException e)
        {
            return (unit, null, e.Refusal.Error);
        }
    }

    private async Task SetAsync(ClusterKeys keys)
    {
        var former = holder.Now;
        await holder.SetAsync(keys);
        Volatile.Write(ref reasons, []);
        if (keys.Phase != former.Phase)
        {
            events.Add(
                EventKinds.Unit,
                keys.IsRotating
                    ? $"rotation of the cluster key: this unit {Words(keys.Phase)}"
                    : "rotation of the cluster key: done here, the former key is refused from now on"
            );
        }
    }

    private async Task<KeyRotationResult> EndAsync(IReadOnlyList<string> members, List<string> absent, CancellationToken cancel)
    {
        var waiting = Problem;
        for (var left = EndTimeout; left > TimeSpan.Zero; left -= Interval)
        {
            waiting = Problem ?? await BehindAsync(members, cancel);
            if (waiting is null)
            {
                break;
            }

            await Task.Delay(Interval, cancel);
        }

        return new KeyRotationResult(waiting is null, holder.Now.Next.Id, members, [.. absent.Except(members)], waiting);
    }

    /// <summary>A unit that has not ended yet, in words.</summary>
    private async Task<string?> BehindAsync(IReadOnlyList<string> members, CancellationToken cancel)
    {
        foreach (var unit in members.Where(unit => unit != name))
        {
            try
            {
                if ((await peers.CallAsync(unit, KeyCalls.State, new PeerQuestion(name), CallTimeout, cancel)).Rotating)
                {
                    return $"{unit} still accepts the former key";
                }
            }
            catch (PeerException e)
            {
                return e.Refusal.Error;
            }
        }

        return null;
    }
}
