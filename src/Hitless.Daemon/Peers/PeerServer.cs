using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Http;
using Hitless.Daemon.Links;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Hitless.Daemon.Peers;

/// <summary>
/// This unit's side of the units' own API: HTTPS on the heartbeat addresses, mutual TLS 1.3, only for who knows the cluster key.
/// <c>POST /v1/call/{name}</c> with JSON both ways; <c>GET /v1/content/{name}?key=</c> with a Range for what is large.
/// Map everything first, then start.
/// </summary>
public sealed class PeerServer : IAsyncDisposable
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(250);
    private readonly LinkListeners _listeners;
    private readonly WebApplication _application;
    private const int NameLengthMax = 64;
    private readonly Action<string> _log;
    private readonly RareNews _misrouted = new();

    /// <param name="identity">Follows from the cluster key; stays the caller's to dispose.</param>
    /// <param name="links">
    /// The heartbeat links: only through their interfaces is anybody answered. Interfaces and addresses need not be there yet. Strangers do
    /// not take the places of their peers.
    /// </param>
    /// <param name="port">The TCP port; 0: the kernel chooses one for each link.</param>
    /// <param name="log">One line for each handler that crashed, and for what no unit asks for.</param>
    /// <param name="self">This unit's name: what is meant for another is refused.</param>
    public PeerServer(PeerIdentity identity, IReadOnlyList<HeartbeatLinkSettings> links, int port, Action<string> log, string self)
    {
        _log = log;
        _listeners = new LinkListeners(links);
        var strangers = new StrangerLimit([.. links.SelectMany(link => link.Peers)]);
        _application = QuietHost.Build(_listeners.Bind, kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = 256;
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
            foreach (var link in links)
            {
                kestrel.Listen(new IPEndPoint(link.Address, port), listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(strangers.Guard);
                    listen.UseHttps(
                        new TlsHandshakeCallbackOptions
                        {
                            HandshakeTimeout = TimeSpan.FromSeconds(5),
                            OnConnection = _ => ValueTask.FromResult(ServerOptions(identity)),
                        }
                    );
                });
            }
        });

        // A connection may be older than the rotation of a key: its proof counts for each request anew.
        _application.Use(next =>
            context =>
            {
                if (identity.Matches(context.Connection.ClientCertificate))
                {
                    return Refusals.AnswerAsync(context, each => AnswerForAsync(self, each, next), log);
                }

                context.Abort();
                return Task.CompletedTask;
            }
        );
    }

    /// <summary>
    /// Who asks names whom (an older version does not): heartbeat addresses that were swapped must not have the wrong unit upgraded.
    /// </summary>
    private Task AnswerForAsync(string self, HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers[PeerClient.Recipient] is not [{ } meant] || meant == self)
        {
            return next(context);
        }

        var asked = context.Request.Path.Value?.Split('/')[^1];
        var news = $"{context.Connection.RemoteIpAddress} asked this unit for \"{asked}\", which was meant for {Shown(meant)}";
        if (_misrouted.IsNew(news))
        {
            _log(news);
        }

        throw new RefusedException(
            $"this is {self}, and \"{asked}\" was meant for {Shown(meant)}",
            "look whether two units have each other's heartbeat address: hitless status on each"
        );
    }

    private static string Shown(string name) => name.Length <= NameLengthMax ? name : name[..NameLengthMax] + "…";

    /// <summary>Where it listens once it is started; tells the port that the kernel chose for port 0.</summary>
    public IReadOnlyList<IPEndPoint> Listening => [.. _application.Urls.Select(url => IPEndPoint.Parse(new Uri(url).Authority))];

    /// <summary>
    /// Answers a call. The handler may throw <see cref="RefusedException"/>. It may run twice for one intent (the caller repeats what got
    /// no answer), so it must be repeatable. The token is cancelled when the caller leaves.
    /// </summary>
    public void Map<TRequest, TAnswer>(PeerCall<TRequest, TAnswer> call, Func<TRequest, CancellationToken, Task<TAnswer>> handler) =>
        _application.MapPost(
            $"/v1/call/{call.Name}",
            (RequestDelegate)(
                context =>
                    Refusals.AnswerAsync(
                        context,
                        async _ =>
                        {
                            var request = await JsonSerializer.DeserializeAsync(context.Request.Body, call.Request, context.RequestAborted)
                                ?? throw new JsonException("the body is null");
                            if (WholeJson.Gap(call.Request, request) is { } gap)
                            {
                                throw new JsonException($"{gap} is missing");
                            }

                            await context.WriteAsync(call.Answer, await handler(request, context.RequestAborted));
                        },
                        _log
                    )
            )
        );

    /// <summary>
    /// Offers content for download, in parts if need be. The handler gets the key and opens a seekable stream, or throws
    /// <see cref="RefusedException"/>; the stream is disposed here.
    /// </summary>
    public void MapContent(string name, Func<string, CancellationToken, Task<Stream>> open) =>
        _application.MapGet(
            $"/v1/content/{name}",
            (RequestDelegate)(
                context =>
                    Refusals.AnswerAsync(
                        context,
                        async _ =>
                        {
                            var content = await open(context.Text("key") ?? "", context.RequestAborted);
                            await TypedResults.Stream(content, enableRangeProcessing: true).ExecuteAsync(context);
                        },
                        _log
                    )
            )
        );

    /// <summary>Begins to answer, on every address, whether or not the address and its link are there.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public Task StartAsync(CancellationToken cancel) => _application.StartAsync(cancel);

    /// <summary>Answers on interfaces that came later or were made anew, a quarter of a second after that, until it is cancelled.</summary>
    public async Task FollowLinksAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(FollowInterval);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            _listeners.Follow();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _listeners.Dispose();
    }

    private static SslServerAuthenticationOptions ServerOptions(PeerIdentity identity) =>
        new()
        {
            ServerCertificate = identity.Certificate,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => identity.Matches(certificate),
        };
}
