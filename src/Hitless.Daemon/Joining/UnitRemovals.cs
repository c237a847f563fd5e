using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Http;
using Hitless.Daemon.Keys;
using Hitless.Daemon.Peers;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Joining;

/// <summary>
/// <c>hitless unit remove</c>: a unit that is lost is believed no more. The others rotate the cluster's key without it, then take it out of
/// their peers, one after the other, since each restarts in service for that. Asked again, what is left is done.
/// </summary>
/// <param name="unit">This unit.</param>
/// <param name="settings">Its settings.</param>
/// <param name="files">Its unit.yaml and its cluster.yaml.</param>
/// <param name="keys">The rotation of the key.</param>
/// <param name="control">Knows who is there.</param>
/// <param name="peers">Asks the others.</param>
/// <param name="directory">Knows their addresses.</param>
public sealed class UnitRemovals(
    IInvitingUnit unit,
    UnitSettings settings,
    SettingsFiles files,
    KeyRotations keys,
    ControlLoop control,
    PeerClient peers,
    PeerDirectory directory
)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BackTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);
    private readonly string self = settings.Unit.Name;

    /// <summary>The command on this unit's own API, and the call of a unit that removes another one.</summary>
    public void Map(IEndpointRouteBuilder routes, PeerServer server)
    {
        routes.Post("/v1/unit/remove", ApiJson.Default.RemovalRequest, ApiJson.Default.RemovalResult, RemoveAsync);
        server.Map(RemovalCalls.Forget, (request, _) => Task.FromResult(Take(request)));
    }

    private async Task<RemovalResult> RemoveAsync(RemovalRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        Refuse(request, view);
        var addresses = AddressesOf(request, view);
        var rotated = await keys.RotateAsync(new KeyRotationRequest(request.Force), request.Unit, cancel);
        if (!rotated.Done)
        {
            return new RemovalResult(
                request.Unit,
                [],
                rotated,
                [$"the rotation of the key is not done; once it is: hitless unit remove {request.Unit} again"]
            );
        }

        unit.Note($"{request.Unit} is removed: the key is another one, and {string.Join(", ", addresses)} is no peer any more");
        var notes = new List<string>();
        foreach (var other in rotated.Units.Where(name => name != self))
        {
            if (await ForgetThereAsync(other, request.Unit, addresses, cancel) is { } why)
            {
                notes.Add($"{other} has it among its peers still ({why}): hitless unit remove {request.Unit} again");
            }
        }

        if (Forget(addresses))
        {
            _ = RestartSoonAsync();
        }

        notes.AddRange(
            rotated.LeftBehind.Select(each => $"{each} was missing: copy the key file there and take {request.Unit} out of its peers")
        );
        return new RemovalResult(request.Unit, addresses, rotated, notes);
    }

    private void Refuse(RemovalRequest request, ClusterView view)
    {
        if (request.Unit == self)
        {
            throw new RefusedException($"this is {self} itself", "hitless unit leave takes it out; to remove it, ask another unit");
        }

        if (!request.Force && view.Peers.Any(each => each.Name == request.Unit && each.Present))
        {
            throw new RefusedException(
                $"{request.Unit} is there and takes part",
                $"hitless unit leave on {request.Unit} takes it out; if it is not yours any more: hitless unit remove --force"
            );
        }
    }

    /// <summary>As given, or as it was heard, and, on links where it was not, what is left of the peers if all others are known.</summary>
    private IReadOnlyList<string> AddressesOf(RemovalRequest request, ClusterView view)
    {
        if (request.Addresses is { Count: > 0 })
        {
            return request.Addresses;
        }

        if (view.Peers.All(each => each.Name != request.Unit))
        {
            throw new RefusedException(
                $"{request.Unit} was not heard since this daemon's start: its addresses are not known",
                $"name them: hitless unit remove {request.Unit} --address ADDRESS …"
            );
        }

        List<IPAddress> heard = [.. directory.AddressesOf(request.Unit).Select(each => each.Address)];
        List<string> others = [.. view.Peers.Select(each => each.Name).Where(each => each != request.Unit).Distinct()];
        var known = others.SelectMany(directory.AddressesOf).Select(each => each.Address).ToHashSet();
        foreach (var link in settings.SessionLinks.Where(link => link.Peers.Count == others.Count + 1 && !link.Peers.Any(heard.Contains)))
        {
            List<IPAddress> left = [.. link.Peers.Where(peer => !known.Contains(peer))];
            heard.AddRange(left.Count == 1 ? left : []);
        }

        return [.. heard.Select(each => $"{each}")];
    }

    /// <summary>Null when that unit is back, without the peer; else why not.</summary>
    private async Task<string?> ForgetThereAsync(string other, string removed, IReadOnlyList<string> addresses, CancellationToken cancel)
    {
        try
        {
            var tag = TagOf(await control.ViewAsync(), other);
            var answer = await peers.CallAsync(
                other,
                RemovalCalls.Forget,
                new ForgetRequest(self, other, removed, addresses),
                CallTimeout,
                cancel
            );
            for (var left = BackTimeout; answer.Changed && left > TimeSpan.Zero; left -= RestartDelay)
            {
                var view = await control.ViewAsync();
                if (TagOf(view, other) != tag && view.Peers.Any(each => each.Name == other && each.Ready))
                {
                    return null;
                }

                await Task.Delay(RestartDelay, cancel);
            }

            return answer.Changed ? $"it is not ready again after {BackTimeout.TotalSeconds:F0} s" : null;
        }
        catch (PeerException e)
        {
            return e.Refusal.Error;
        }
    }

    private static IncarnationTag TagOf(ClusterView view, string name) =>
        view.Peers.FirstOrDefault(each => each.Name == name && each.Present)?.Tag ?? IncarnationTag.None;

    private ForgetAnswer Take(ForgetRequest request)
    {
        if (request.To != self || request.Addresses is null)
        {
            throw new RefusedException($"this is {self}, and not {request.To}", "look at the addresses of the units: hitless status");
        }

        var changed = Forget(request.Addresses);
        if (changed)
        {
            unit.Note($"{request.Unit} is removed, as {request.From} was told: it is no peer any more");
            _ = RestartSoonAsync();
        }

        return new ForgetAnswer(changed);
    }

    private bool Forget(IReadOnlyList<string> addresses)
    {
        var text = File.ReadAllText(files.Unit);
        var without = UnitFiles.Without(files.Unit, text, files.Cluster, [.. addresses.Select(ParseAddress)]);
        if (without == text)
        {
            return false;
        }

        DurableFile.WriteAllText(files.Unit, without, File.GetUnixFileMode(files.Unit));
        return true;
    }

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address)
            ? address
            : throw new RefusedException($"\"{text}\" is no address", "give addresses as in heartbeat.links: --address 10.10.9.3");

    private async Task RestartSoonAsync()
    {
        // The answer to who asked goes out first.
        await Task.Delay(RestartDelay);
        unit.RequestRestart();
    }
}
