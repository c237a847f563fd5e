using Hitless.Daemon.Http;
using Hitless.Daemon.Requests;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hitless.Daemon.Api;

/// <summary>
/// The local API: HTTP + JSON + server-sent events on a Unix socket that only the owner and group of the process may open (0660).
/// Whoever can open it may do everything: log-in and roles are the web manager's. Start it after the loops; nothing in here is waited for
/// by them.
/// </summary>
public sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ApiSocket _socket;

    /// <param name="unit">The unit that answers.</param>
    /// <param name="socketPath">Absolute path of the socket; its folder is made if need be.</param>
    /// <param name="requests">The requests that had a key, of before this start too.</param>
    /// <param name="log">Gets one line for each thing that an operator must know (a handler that crashed).</param>
    public ApiHost(IUnit unit, string socketPath, KeptRequests requests, Action<string> log)
    {
        _socket = new ApiSocket(socketPath);
        _application = QuietHost.Build(_socket.Bind, kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
            kestrel.ListenUnixSocket(_socket.Path, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var memory = new RequestMemory(requests);
        _application.Use(next => context => Refusals.AnswerAsync(context, next, log, Refusals.Problem));
        _application.Use(next =>
            context =>
            {
                Conditions.Check(context.Request);
                return memory.AnswerAsync(context, next);
            }
        );
        StatusEndpoints.Map(_application, unit);
        SessionEndpoints.Map(_application, unit);
        ConfigurationEndpoints.Map(_application, unit);
        FirmwareEndpoints.Map(_application, unit);
        UpgradeEndpoints.Map(_application, unit);
        EventEndpoints.Map(_application, unit);
    }

    /// <summary>Takes what is not the unit's own, until <see cref="StartAsync"/>.</summary>
    public IEndpointRouteBuilder Routes => _application;

    /// <summary>Binds the socket and begins to answer.</summary>
    /// <exception cref="IOException">
    /// The socket cannot be made: another unit answers on it, or something else lies there. The message is fit for an operator.
    /// </exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        await _socket.PrepareAsync(cancel);
        await _application.StartAsync(cancel);
    }

    /// <summary>Ends the streams, lets short calls end (2 s at most), removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
