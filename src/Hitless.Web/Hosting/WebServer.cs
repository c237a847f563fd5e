using System.Net;
using System.Security.Authentication;
using Hitless.Web.Access;
using Hitless.Web.Audit;
using Hitless.Web.Proxy;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hitless.Web.Hosting;

/// <summary>
/// Kestrel with TLS and nothing else: no configuration files, no logging of requests. HTTP/1.1 alone: a request that is given up takes its
/// connection with it, so that the next one finds whoever answers now.
/// </summary>
internal sealed class WebServer : IAsyncDisposable
{
    private const int ConnectionsMax = 500;
    private readonly WebApplication _application;
    private readonly SecretsFile _secrets;
    private readonly Logins _logins;
    private readonly UnitSocket _unit;
    private readonly RequestFlow _flow;

    /// <param name="secrets">Users, tokens and the certificate; disposed of with the server.</param>
    /// <param name="socket">Path of the unit's local socket.</param>
    /// <param name="folder">Where audit log, ended log-ins and used codes lie; it exists.</param>
    /// <param name="endPoints">What to listen on.</param>
    public WebServer(SecretsFile secrets, string socket, string folder, IReadOnlyList<IPEndPoint> endPoints)
    {
        _secrets = secrets;
        _logins = new Logins(secrets, new UsedCodes(folder));
        _unit = new UnitSocket(socket);
        var authentication = new Authentication(secrets, new EndedSessions(folder, DateTimeOffset.UtcNow));
        _flow = new RequestFlow(new PageFiles(), authentication, _logins, _unit, new AuditLog(folder));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hitless-web" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Limit(kestrel);
            foreach (var endPoint in endPoints)
            {
                kestrel.Listen(endPoint, Secure);
            }
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        _application = builder.Build();
        _application.Run(_flow.HandleAsync);
    }

    /// <summary>The addresses that it listens on, once it has started.</summary>
    public IEnumerable<string> Addresses => _application.Urls;

    /// <summary>Begins to answer.</summary>
    /// <exception cref="IOException">An address is in use, or not ours.</exception>
    public Task StartAsync(CancellationToken cancel) => _application.StartAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _flow.Dispose();
        _unit.Dispose();
        _logins.Dispose();
        _secrets.Dispose();
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 50;
        kestrel.Limits.MaxRequestLineSize = 4 << 10;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(10);
    }

    private void Secure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.UseHttps(https =>
        {
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            https.HandshakeTimeout = TimeSpan.FromSeconds(5);
            https.ServerCertificateSelector = (_, _) => _secrets.Certificate;
        });
    }
}
