using System.Net.Sockets;
using Hitless.Cli;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Daemon.Api;
using Hitless.Daemon.Requests;
using Xunit;

namespace Hitless.Daemon.Tests.Api;

/// <summary>A scripted unit behind the real API on a real Unix socket in a folder of its own, and the CLI in front of it.</summary>
internal sealed class ApiBench : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hitless-api-");
    private ApiHost? _host;

    public string SocketPath => File("hitless.sock");

    public ScriptedUnit Unit { get; } = new();

    public List<string> Log { get; } = [];

    /// <summary>As a daemon that starts finds them.</summary>
    public KeptRequests Requests => new(_folder.FullName, Clock);

    /// <summary>The wall clock of hosts that are started from now on.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public static async Task<ApiBench> StartAsync()
    {
        var bench = new ApiBench();
        await bench.StartHostAsync();
        return bench;
    }

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public async Task StartHostAsync()
    {
        _host = new ApiHost(Unit, SocketPath, Requests, Log.Add);
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task StopHostAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
            _host = null;
        }
    }

    /// <summary>A client of the socket.</summary>
    public HttpClient Http() =>
        new(new SocketsHttpHandler { ConnectCallback = async (_, cancel) => await ConnectAsync(cancel) })
        {
            BaseAddress = new Uri("http://unit"),
        };

    public async Task<Stream> ConnectAsync(CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Runs <c>hitless --socket … args</c>, not on a terminal.</summary>
    public async Task<Ran> HitlessAsync(params string[] args)
    {
        await using var output = new StringWriter();
        return await HitlessAsync(output, TestContext.Current.CancellationToken, args);
    }

    /// <summary>The same, with a Ctrl-C and an output that the test can watch.</summary>
    public async Task<Ran> HitlessAsync(StringWriter output, CancellationToken ctrlC, params string[] args)
    {
        await using var error = new StringWriter();
        var patience = new Patience(TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(5));
        var code = await HitlessCommand.RunAsync(
            ["--socket", SocketPath, .. args],
            new Screen(output, error, isTerminal: false),
            patience,
            ctrlC
        );
        return new Ran(code, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await StopHostAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>What one command did.</summary>
internal sealed record Ran(int Code, string Output, string Error);
