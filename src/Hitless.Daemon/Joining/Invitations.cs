using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Joining;
using Hitless.Daemon.Common;
using Hitless.Daemon.Http;
using Hitless.Daemon.Links;
using Hitless.Linux.Links;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Hitless.Daemon.Joining;

/// <summary>
/// <c>hitless invite</c>: for some minutes a unit listens on a heartbeat address, on a port of its own, for one new unit that knows the
/// secret. At most one invitation is open; a new one makes the former void, and so does the end of the daemon.
/// </summary>
public sealed class Invitations(JoinService service, UnitSettings settings, IInvitingUnit unit) : IAsyncDisposable
{
    /// <summary>The header that carries the secret.</summary>
    public const string SecretHeader = "Hitless-Secret";

    /// <summary>How long a code is valid.</summary>
    public static readonly TimeSpan Valid = TimeSpan.FromMinutes(10);

    // The answer, with the key, must have reached the new unit before the daemon restarts with its new peer.
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private Listener? _open;

    /// <summary>Where invitations are listened for: above heartbeats, sessions and the units' API.</summary>
    public int Port => settings.Heartbeat.Port + InvitationCode.PortsAboveHeartbeats;

    /// <summary><c>POST /v1/invite</c> of the unit's own API.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.Post("/v1/invite", ApiJson.Default.InviteRequest, ApiJson.Default.InviteResult, InviteAsync);

    /// <summary>Opens an invitation.</summary>
    /// <exception cref="RefusedException">A run is under way, or the address is none of this unit's.</exception>
    public async Task<InviteResult> InviteAsync(InviteRequest request, CancellationToken cancel)
    {
        await service.RefuseDuringRunAsync(cancel);
        var link = LinkOf(request.Address);
        await _one.WaitAsync(cancel);
        try
        {
            await CloseAsync();
            var invitation = new Invitation();
            try
            {
                _open = await ListenAsync(invitation, link, cancel);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                invitation.Dispose();
                throw new RefusedException(
                    $"this unit cannot listen on {link.Address}, port {Port}: {e.Message}",
                    "look what has the port: ss -lntp; or invite through another heartbeat link: hitless invite --address ADDRESS",
                    e
                );
            }

            unit.Note($"an invitation is open for {Valid.TotalMinutes:F0} minutes on {link.Address}, port {Port}");
            var code = invitation.CodeAt(new IPEndPoint(link.Address, Port));
            return new InviteResult($"{code}", DateTimeOffset.UtcNow + Valid, $"{link.Address}", Port);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await CloseAsync();
        _ending.Dispose();
        _one.Dispose();
    }

    /// <summary>The heartbeat link that has an address, or the first; it must be there.</summary>
    private HeartbeatLinkSettings LinkOf(string? address)
    {
        var links = settings.Heartbeat.Links;
        var link = address is null
            ? links[0]
            : links.FirstOrDefault(each => IPAddress.TryParse(address, out var wanted) && each.Address.Equals(wanted))
                ?? throw new RefusedException(
                    $"\"{address}\" is no address of a heartbeat link of this unit",
                    $"give one of {string.Join(", ", links.Select(each => each.Address))}"
                );
        using var presence = new LinkPresence([link]);
        return presence.ProblemOf(0, "heartbeat.links") is not { } problem
            ? link
            : throw new RefusedException(problem, "or invite through another heartbeat link: hitless invite --address ADDRESS");
    }

    // An interface that is made anew is not followed: the invitation is void then, and another one can be made.
    private async Task<Listener> ListenAsync(Invitation invitation, HeartbeatLinkSettings link, CancellationToken cancel)
    {
        using var listeners = new LinkListeners([link]);
        var application = QuietHost.Build(listeners.Bind, kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = 8;
            kestrel.Limits.MaxRequestBodySize = 64 << 10;
            kestrel.Listen(new IPEndPoint(link.Address, Port), listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(
                    new HttpsConnectionAdapterOptions
                    {
                        ServerCertificate = invitation.Certificate,
                        SslProtocols = SslProtocols.Tls13,
                        HandshakeTimeout = TimeSpan.FromSeconds(5),
                    }
                );
            });
        });
        application.Use(next => context => Refusals.AnswerAsync(context, next, unit.Note));
        MapJoin(application, invitation);
        try
        {
            await application.StartAsync(cancel);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        var listener = new Listener(invitation, application);
        _ = CloseLaterAsync(listener);
        return listener;
    }

    private void MapJoin(IEndpointRouteBuilder routes, Invitation invitation)
    {
        routes.Get("/v1/join/offer", ApiJson.Default.JoinOffer, context =>
        {
            Admit(invitation, context);
            return Task.FromResult(service.Offer());
        });
        routes.MapGet(
            "/v1/join/image",
            (RequestDelegate)(
                async context =>
                {
                    Admit(invitation, context);
                    await TypedResults.Stream(service.OpenImage()).ExecuteAsync(context);
                }
            )
        );
        routes.Post("/v1/join", ApiJson.Default.JoinResult, async context =>
        {
            Admit(invitation, context);
            var request = await JsonSerializer.DeserializeAsync(context.Request.Body, ApiJson.Default.JoinRequest, context.RequestAborted)
                ?? throw new JsonException("the body is null");
            await service.RefuseDuringRunAsync(context.RequestAborted);
            var joined = await service.JoinAsync(request, context.RequestAborted);
            invitation.Spend();
            unit.Note($"{request.Unit} joins by invitation, from {context.Connection.RemoteIpAddress}");
            _ = RestartSoonAsync(joined.RestartFirst);
            return joined;
        });
    }

    private void Admit(Invitation invitation, HttpContext context)
    {
        if (invitation.Accepts(context.Request.Headers[SecretHeader], out var isVoid))
        {
            return;
        }

        unit.Note($"an invitation was answered with a wrong secret, from {context.Connection.RemoteIpAddress}");
        throw new RefusedException(
            isVoid ? "the invitation is void: it was used, or too many secrets were wrong" : "the secret of the code is wrong",
            "look at the code again, or ask for a new one: hitless invite"
        );
    }

    private async Task RestartSoonAsync(IReadOnlyList<string> others)
    {
        await Task.Delay(RestartDelay);
        await service.RestartAllAsync(others, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task CloseLaterAsync(Listener listener)
    {
        await Task.Delay(Valid, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ending.IsCancellationRequested)
        {
            return;
        }

        await _one.WaitAsync();
        try
        {
            if (ReferenceEquals(_open, listener))
            {
                await CloseAsync();
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task CloseAsync()
    {
        if (_open is { } open)
        {
            _open = null;
            await open.Application.StopAsync();
            await open.Application.DisposeAsync();
            open.Invitation.Dispose();
        }
    }

    private sealed record Listener(Invitation Invitation, WebApplication Application);
}
