using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Forwarding;
using Hitless.Daemon.Joining;
using Hitless.Daemon.Keys;
using Hitless.Daemon.Neighbours;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Requests;
using Hitless.Daemon.Sessions;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Hosting;

/// <summary>
/// <c>hitlessd --self-check</c>: whether this program, on this machine, can do what needs more than the kernel: its JSON, its YAML, its
/// signatures, encrypted datagrams and TLS. Touches nothing.
/// </summary>
public static class SelfCheck
{
    private const string UnitYaml = """
        cluster: { name: edge, group: 7, key-file: cluster.key }
        unit: { name: gw1, priority: 200 }
        heartbeat:
          links: [ { interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] } ]
          interval: 20ms
        interfaces: [ { name: lan0, virtual-addresses: [10.10.1.1/24, "fd00:1::1/64"], monitor: true } ]
        sessions: { critical: ["tcp dport 5432"] }
        configuration: { files: [ { path: /etc/nftables.conf, check: "nft -c -f {file}", apply: "nft -f {file}" } ] }
        health: [ { name: upstream, ping: 10.10.2.10, interval: 1s, fail-after: 3 } ]
        upgrade: { soak: 10s }
        """;

    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    /// <summary>Prints a line for each check; the exit code.</summary>
    public static async Task<int> RunAsync(TextWriter output)
    {
        var failed = 0;
        foreach (var (name, check) in Checks)
        {
            var problem = await TryAsync(check);
            failed += problem is null ? 0 : 1;
            await output.WriteLineAsync($"{name}: {problem ?? "ok"}");
        }

        return failed == 0 ? 0 : 1;
    }

    private static IEnumerable<(string Name, Func<Task<string?>> Check)> Checks =>
        [
            ("JSON of the local API", () => Records(RoundTrip.Problems(ApiJson.Default, out _))),
            ("JSON between units: runs", () => Records(RoundTrip.Problems(UpgradeJson.Default, out _))),
            ("JSON between units: configuration", () => Records(RoundTrip.Problems(ConfigurationJson.Default, out _))),
            ("JSON between units: sessions", () => Records(RoundTrip.Problems(SessionJson.Default, out _))),
            ("JSON between units: forwarding", () => Records(RoundTrip.Problems(ForwardingJson.Default, out _))),
            ("JSON between units: joining", () => Records(RoundTrip.Problems(JoinJson.Default, out _))),
            ("JSON between units: keys", () => Records(RoundTrip.Problems(KeyJson.Default, out _))),
            ("JSON between units: removals", () => Records(RoundTrip.Problems(RemovalJson.Default, out _))),
            ("JSON between units: questions", () => Records(RoundTrip.Problems(PeerJson.Default, out _))),
            ("JSON between units: forwarding state", () => Records(RoundTrip.Problems(ForwardingStateJson.Default, out _))),
            ("JSON between units: neighbours", () => Records(RoundTrip.Problems(NeighbourJson.Default, out _))),
            ("JSON of requests with a key", () => Records(RoundTrip.Problems(RequestJson.Default, out _))),
            ("JSON of revisions and backups", () => Records(RoundTrip.Problems(RevisionJson.Default, out _))),
            ("unit.yaml", () => Task.FromResult(Yaml())),
            ("image signatures (CMS)", () => Task.FromResult(SignatureCheck.Run())),
            ("encrypted datagrams", () => Task.FromResult(Datagrams())),
            ("TLS between units", TlsAsync),
        ];

    private static async Task<string?> TryAsync(Func<Task<string?>> check)
    {
        try
        {
            return await check();
        }
#pragma warning disable CA1031 // Whatever is missing in this program or on this machine, the other checks go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"{e.GetType().Name}: {e.Message}";
        }
    }

    private static Task<string?> Records(IReadOnlyList<string> problems) =>
        Task.FromResult(problems.Count == 0 ? null : string.Join("; ", problems));

    private static string? Yaml() =>
        UnitFile.TryParse(Encoding.UTF8.GetBytes(UnitYaml), "unit.yaml", cluster: null, out var settings, out var problems)
            ? settings is { Unit.Priority: 200, Interfaces: [{ Name: "lan0" }] }
                ? null
                : "read otherwise than it was written"
            : string.Join("; ", problems);

    private static string? Datagrams()
    {
        var key = new ClusterKey(Secret);
        using var sealer = new DatagramSealer(key, DatagramKind.Heartbeat, WireVersion.Minor, 7, new(11), new(5));
        using var opener = new DatagramOpener([key], DatagramKind.Heartbeat, 7, new(22));
        Span<byte> datagram = stackalloc byte[256];
        Span<byte> payload = stackalloc byte[256];
        var length = sealer.Seal("heartbeat"u8, datagram);
        return
            opener.Open(datagram[..length], payload, TimeSpan.Zero, out _, out var opened) == DatagramVerdict.Accepted
            && opened.SequenceEqual("heartbeat"u8)
            ? null
            : "what was sealed cannot be opened";
    }

    private static async Task<string?> TlsAsync()
    {
        using var identity = ClusterCertificate.Derive(Secret);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await accepting;
        await using var clientSide = new SslStream(client.GetStream());
        await using var serverSide = new SslStream(server.GetStream());
        var certificate = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true);
        await Task.WhenAll(
            serverSide.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificate,
                    ClientCertificateRequired = true,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, other, _, _) => identity.Matches(other),
                }
            ),
            clientSide.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "hitless",
                    ClientCertificateContext = certificate,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, other, _, _) => identity.Matches(other),
                }
            )
        );
        await clientSide.WriteAsync("question"u8.ToArray());
        var heard = new byte[8];
        await serverSide.ReadExactlyAsync(heard);
        return heard.AsSpan().SequenceEqual("question"u8) ? null : "what was sent did not arrive";
    }
}
