using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Peers;
using Xunit;

namespace Hitless.Daemon.Tests.Peers;

public sealed class PeerTests : IAsyncLifetime
{
    private static readonly PeerCall<Refusal, Refusal> Echo = new("test.echo", ApiJson.Default.Refusal, ApiJson.Default.Refusal);
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(30);
    private readonly byte[] _image = RandomNumberGenerator.GetBytes((9 << 20) + 12345);
    private readonly PeerIdentity _identity = IdentityOf(1);
    private readonly PeerServer _server;
    private readonly List<string> _log = [];

    public PeerTests()
    {
        HeartbeatLinkSettings[] links =
        [
            new("lo", IPAddress.Loopback, [IPAddress.Loopback]),
            new("hb9", IPAddress.Parse("192.0.2.77"), []),
        ];
        _server = new PeerServer(_identity, links, port: 0, _log.Add, "gw2");
        _server.Map(Echo, (request, _) => request.Error switch
            {
                "refuse" => throw new RefusedException("a run is open", "wait for its end"),
                "crash" => throw new InvalidOperationException("a bug"),
                _ => Task.FromResult(request),
            });
        _server.MapContent("image", (key, _) =>
            key == "abc"
                ? Task.FromResult<Stream>(new MemoryStream(_image))
                : throw new RefusedException($"no image {key}", "upload it first")
        );
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.StartAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _identity.Dispose();
    }

    [Fact]
    public void The_same_cluster_key_gives_the_same_identity_and_another_does_not()
    {
        using var same = IdentityOf(1);
        using var other = IdentityOf(2);
        Assert.True(_identity.Matches(same.Certificate));
        Assert.False(_identity.Matches(other.Certificate));
        Assert.False(_identity.Matches(null));
    }

    // Units of different versions must derive the same key for ever. The value was computed apart from this code, by a few lines of Python.
    [Fact]
    public void The_derivation_never_changes()
    {
        using var identity = ClusterCertificate.Derive(Key(7));
        var publicKey = identity.Certificate.PublicKey.ExportSubjectPublicKeyInfo();
        Assert.Equal("26EE462D5D55C293D2555635A35DF4B67D65222FD65197CD0DB5718E15645C0B", Convert.ToHexString(SHA256.HashData(publicKey)));
    }

    [Fact]
    public async Task A_call_is_answered_although_the_first_address_is_dead_and_another_is_not_on_this_machine()
    {
        using var dead = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, not listening: refuses
        using var client = Client(_identity, (IPEndPoint)dead.LocalEndPoint!, _server.Listening[0]);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(new Refusal("hello", "wörld"), await client.CallAsync("gw2", Echo, new Refusal("hello", "wörld"), Plenty, Cancel));
        }
    }

    [Fact]
    public async Task A_call_that_was_meant_for_another_unit_is_refused_and_named_once()
    {
        using var client = Client(_identity, _server.Listening[0]);
        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<PeerException>(() =>
                client.CallAsync("gw3", Echo, new Refusal("hello", ""), Plenty, Cancel)
            );
            Assert.Equal(PeerFailureKind.Refused, refused.Kind);
            Assert.Contains("this is gw2, and \"test.echo\" was meant for gw3", refused.Message, StringComparison.Ordinal);
        }

        Assert.Contains("asked this unit for \"test.echo\", which was meant for gw3", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_that_hold_connections_open_take_no_place_of_a_peer()
    {
        List<Socket> strangers = [];
        try
        {
            for (var host = 2; host < 10; host++)
            {
                for (var i = 0; i < 50; i++)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    strangers.Add(socket);
                    socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{host}"), 0));
                    try
                    {
                        await socket.ConnectAsync(_server.Listening[0], Cancel);
                    }
                    catch (SocketException)
                    {
                        // One too many: closed before this side knew that it was open.
                    }
                }
            }

            using var client = Client(_identity, _server.Listening[0]);
            Assert.Equal(new Refusal("a", "b"), await client.CallAsync("gw2", Echo, new Refusal("a", "b"), Plenty, Cancel));
        }
        finally
        {
            strangers.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Two_keys_are_taken_while_the_key_is_rotated_and_who_proved_the_former_is_refused_at_its_next_request()
    {
        using PeerIdentity former = IdentityOf(1),
            next = IdentityOf(2);
        using PeerClient one = Client(former, _server.Listening[0]),
            other = Client(next, _server.Listening[0]);
        _identity.Use(new ClusterKeys(new ClusterKey(Key(1))).With(new ClusterKey(Key(2)), ["gw1", "gw2"]));
        next.Use(new ClusterKeys(new ClusterKey(Key(1))).With(new ClusterKey(Key(2)), ["gw1", "gw2"]).Advanced());
        foreach (var client in (PeerClient[])[one, other])
        {
            Assert.Equal(new Refusal("a", "b"), await client.CallAsync("gw2", Echo, new Refusal("a", "b"), Plenty, Cancel));
        }

        _identity.Use(new ClusterKeys(new ClusterKey(Key(2))));
        await Assert.ThrowsAsync<PeerException>(() => one.CallAsync("gw2", Echo, new Refusal("a", "b"), Plenty, Cancel));
        Assert.Equal(new Refusal("a", "b"), await other.CallAsync("gw2", Echo, new Refusal("a", "b"), Plenty, Cancel));
        await Assert.ThrowsAsync<PeerException>(() => one.CallAsync("gw2", Echo, new Refusal("a", "b"), Plenty, Cancel));
    }

    [Fact]
    public async Task A_refusal_comes_over_with_its_remedy()
    {
        using var client = Client(_identity, _server.Listening[0]);
        var failure = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", Echo, new Refusal("refuse", ""), Plenty, Cancel)
        );
        Assert.Equal(PeerFailureKind.Refused, failure.Kind);
        Assert.Equal(new Refusal("a run is open", "wait for its end"), failure.Refusal);
    }

    [Fact]
    public async Task A_handler_that_crashes_is_named_and_logged()
    {
        using var client = Client(_identity, _server.Listening[0]);
        var failure = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", Echo, new Refusal("crash", ""), Plenty, Cancel)
        );
        Assert.Equal(PeerFailureKind.Failed, failure.Kind);
        Assert.Contains("a bug", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_the_other_version_does_not_know_is_named()
    {
        using var client = Client(_identity, _server.Listening[0]);
        var failure = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", Echo with { Name = "from.the.future" }, new Refusal("", ""), Plenty, Cancel)
        );
        Assert.Equal(PeerFailureKind.Unknown, failure.Kind);
    }

    [Fact]
    public async Task Another_cluster_key_is_told_apart_from_a_dead_link()
    {
        using var stranger = IdentityOf(2);
        using var client = Client(stranger, _server.Listening[0]);
        var failure = await Assert.ThrowsAsync<PeerException>(() => client.CallAsync("gw2", Echo, new Refusal("", ""), Plenty, Cancel));
        Assert.Equal(PeerFailureKind.WrongKey, failure.Kind);
        Assert.Equal("gw2 has another cluster key than this unit", failure.Message);
    }

    [Fact]
    public async Task A_unit_without_any_address_that_answers_is_unreachable()
    {
        using var client = Client(_identity);
        var failure = await Assert.ThrowsAsync<PeerException>(() => client.CallAsync("gw9", Echo, new Refusal("", ""), Plenty, Cancel));
        Assert.Equal(PeerFailureKind.Unreachable, failure.Kind);
        Assert.Contains("gw9", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stranger_is_refused_even_if_it_does_not_check_us(bool withCertificate)
    {
        using var stranger = IdentityOf(2);
        using var connection = new TcpClient();
        await connection.ConnectAsync(_server.Listening[0], Cancel);
        await using var tls = new SslStream(connection.GetStream());
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "unit",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        if (withCertificate)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(stranger.Certificate, null, offline: true);
        }

        // In TLS 1.3 the client's handshake ends before the server has judged; the verdict shows at the first read.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await tls.AuthenticateAsClientAsync(options, Cancel);
            await tls.WriteAsync(
                Encoding.ASCII.GetBytes("POST /v1/call/test.echo HTTP/1.1\r\nHost: unit\r\nContent-Length: 2\r\n\r\n{}"),
                Cancel
            );
            if (await tls.ReadAsync(new byte[100], Cancel) == 0)
            {
                throw new IOException("closed");
            }
        });
    }

    [Fact]
    public async Task Plain_http_gets_nowhere()
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(_server.Listening[0], Cancel);
        await connection
            .GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes("GET /v1/content/image/abc HTTP/1.1\r\nHost: unit\r\n\r\n"), Cancel);
        var answer = new byte[100];
        var count = await connection.GetStream().ReadAtLeastAsync(answer, 1, throwOnEndOfStream: false, Cancel);
        Assert.DoesNotContain("HTTP", Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_download_goes_on_where_it_stopped()
    {
        using var client = Client(_identity, _server.Listening[0]);
        using var arrived = new MemoryStream();
        using var halfway = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.DownloadAsync(
                "gw2",
                "image",
                "abc",
                0,
                arrived,
                count =>
                {
                    if (count > 4 << 20)
                    {
                        halfway.Cancel();
                    }
                },
                Plenty,
                halfway.Token
            )
        );
        Assert.InRange(arrived.Length, 4 << 20, _image.Length - 1);

        var progress = 0L;
        var length = await client.DownloadAsync("gw2", "image", "abc", arrived.Length, arrived, count => progress = count, Plenty, Cancel);
        Assert.Equal(_image.Length, length);
        Assert.Equal(_image.Length, progress);
        Assert.True(arrived.ToArray().AsSpan().SequenceEqual(_image));

        Assert.Equal(_image.Length, await client.DownloadAsync("gw2", "image", "abc", _image.Length, arrived, null, Plenty, Cancel));
        Assert.Equal(_image.Length, arrived.Length);
    }

    [Fact]
    public async Task A_download_of_what_is_not_there_is_refused()
    {
        using var client = Client(_identity, _server.Listening[0]);
        var failure = await Assert.ThrowsAsync<PeerException>(() =>
            client.DownloadAsync("gw2", "image", "x/../y", 0, Stream.Null, null, Plenty, Cancel)
        );
        Assert.Equal(new Refusal("no image x/../y", "upload it first"), failure.Refusal);
    }

    private static byte[] Key(byte seed) => [.. Enumerable.Repeat(seed, 32)];

    private static PeerIdentity IdentityOf(byte key) => new(new ClusterKeys(new ClusterKey(Key(key))));

    private static PeerClient Client(PeerIdentity identity, params IPEndPoint[] addresses) => new(identity, _ => addresses);
}
