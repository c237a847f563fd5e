using System.Net;
using System.Net.Sockets;
using Hitless.Cli;
using Hitless.Cli.Client;
using Hitless.Core.Api;
using Hitless.Core.Joining;
using Hitless.Core.Wire;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Joining;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Daemon.Tests.Joining;

/// <summary>An invitation over loopback, with the client that <c>hitless join</c> has.</summary>
public sealed class InvitationsTests : IAsyncDisposable
{
    private static readonly JoinRequest Second = new("gw2", null, [new PortAddress("lo", "127.0.0.2")]);
    private readonly string _folder = Directory.CreateTempSubdirectory("hitless-joining-").FullName;
    private readonly LoneUnit _unit = new();
    private readonly Invitations _invitations;

    public InvitationsTests()
    {
        using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        File.WriteAllText(
            UnitYaml,
            $$"""
            cluster: { name: edge }
            unit: { name: gw1 }
            heartbeat: { port: {{((IPEndPoint)free.LocalEndPoint!).Port - 3}}, links: [{ interface: lo, address: 127.0.0.1, peers: [] }] }
            interfaces: [{ name: lan0, virtual-addresses: [10.1.0.1/24] }]
            upgrade: { trust-file: trust.pem }
            """
        );
        File.WriteAllText(Path.Combine(_folder, "cluster.key"), new ClusterKey(new byte[ClusterKey.Size]).ToFileText());
        File.WriteAllText(Path.Combine(_folder, "trust.pem"), "a certificate");
        Assert.True(UnitFile.TryRead(UnitYaml, Path.Combine(_folder, "cluster.yaml"), out var settings, out _));
        var service = new JoinService(_unit, settings, new SettingsFiles(UnitYaml, _folder), _folder);
        _invitations = new Invitations(service, settings, _unit);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string UnitYaml => Path.Combine(_folder, "unit.yaml");

    public async ValueTask DisposeAsync()
    {
        await _invitations.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Who_has_the_code_gets_what_makes_a_unit_and_is_heard_from_then_on()
    {
        using var client = UnitClient.Inviting(await InviteAsync());
        var offer = await client.GetAsync("/v1/join/offer", ApiJson.Default.JoinOffer, Cancel);
        Assert.Equal(("edge", "gw1", UnitYaml, "a certificate"), (offer.Cluster, offer.Unit, offer.UnitFilePath, Text(offer.Trust!)));
        var joined = await JoinAsync(client, Second);
        Assert.Contains("address: 127.0.0.2, peers: [127.0.0.1]", joined.UnitFile, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "cluster.key")), joined.Key);
        Assert.Contains("peers: [127.0.0.2]", File.ReadAllText(UnitYaml), StringComparison.Ordinal);
        Assert.Contains(
            "void",
            (await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(client, Second))).Message,
            StringComparison.Ordinal
        );
        await _unit.Restarted.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Contains(_unit.Notes, line => line.StartsWith("gw2 joins by invitation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_other_units_hear_a_third_one_too_and_restart_before_the_one_that_has_invited_it()
    {
        using var client = UnitClient.Inviting(await InviteAsync());
        await JoinAsync(client, Second);
        await _unit.Restarted.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        using var another = UnitClient.Inviting(await InviteAsync());
        var joined = await JoinAsync(another, new JoinRequest("gw3", null, [new PortAddress("lo", "127.0.0.3")]));
        Assert.Contains("peers: [127.0.0.1, 127.0.0.2]", joined.UnitFile, StringComparison.Ordinal);
        Assert.Equal(["gw2"], joined.RestartFirst);
        Assert.DoesNotContain(joined.Notes, note => note.Contains("127.0.0.2", StringComparison.Ordinal));
        for (var looks = 0; looks < 600 && _unit.Asked.Count < 3; looks++)
        {
            await Task.Delay(50, Cancel);
        }

        Assert.Equal(["gw2 unit.add-peer True", "gw2 unit.add-peer False", "gw2 unit.restart"], _unit.Asked);
    }

    [Fact]
    public async Task Where_another_unit_cannot_take_it_nothing_is_written_anywhere()
    {
        using var client = UnitClient.Inviting(await InviteAsync());
        _unit.Refusing = new Common.RefusedException("gw3 has no address of its own on hb1", "give it one");
        var before = File.ReadAllText(UnitYaml);
        var refused = await Assert.ThrowsAsync<RefusedException>(() =>
            JoinAsync(client, new JoinRequest("gw3", null, [new PortAddress("lo", "127.0.0.3")]))
        );
        Assert.Equal("gw3 has no address of its own on hb1", refused.Message);
        Assert.Equal(before, File.ReadAllText(UnitYaml));
        Assert.Equal(["gw2 unit.add-peer True"], _unit.Asked);
    }

    [Fact]
    public async Task Wrong_secrets_make_an_invitation_void()
    {
        var code = await InviteAsync();
        using var right = UnitClient.Inviting(code);
        using var wrong = UnitClient.Inviting(code with { Secret = new byte[InvitationCode.PartBytes] });
        for (var attempt = 1; attempt <= Invitation.WrongMax; attempt++)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(wrong, Second));
            Assert.Contains(attempt < Invitation.WrongMax ? "wrong" : "void", refused.Message, StringComparison.Ordinal);
        }

        Assert.Contains(
            "void",
            (await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(right, Second))).Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("127.0.0.2", File.ReadAllText(UnitYaml), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_certificate_is_not_spoken_to()
    {
        var code = await InviteAsync();
        using var client = UnitClient.Inviting(code with { Fingerprint = new byte[InvitationCode.PartBytes] });
        var refused = await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(client, Second));
        Assert.Contains("is not the unit", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_invitation_makes_the_former_void()
    {
        var former = await InviteAsync();
        var code = await InviteAsync();
        using var late = UnitClient.Inviting(former);
        await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(late, Second));
        using var client = UnitClient.Inviting(code);
        Assert.NotEmpty((await JoinAsync(client, Second)).UnitFile);
    }

    [Fact]
    public async Task Nobody_joins_during_a_run()
    {
        using var client = UnitClient.Inviting(await InviteAsync());
        _unit.Run = Samples.Run(RunState.Running, 1);
        Assert.Contains(
            "is under way",
            (await Assert.ThrowsAsync<RefusedException>(() => JoinAsync(client, Second))).Message,
            StringComparison.Ordinal
        );
        await Assert.ThrowsAsync<Common.RefusedException>(() => _invitations.InviteAsync(new InviteRequest(), Cancel));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("nonsense")]
    public async Task An_address_that_is_not_this_units_is_refused(string address)
    {
        var refused = await Assert.ThrowsAsync<Common.RefusedException>(() => _invitations.InviteAsync(new InviteRequest(address), Cancel));
        Assert.Contains(address, refused.Message, StringComparison.Ordinal);
    }

    private static Task<JoinResult> JoinAsync(UnitClient client, JoinRequest request) =>
        client.PostAsync("/v1/join", request, ApiJson.Default.JoinRequest, ApiJson.Default.JoinResult, Cancel);

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private async Task<InvitationCode> InviteAsync()
    {
        var invited = await _invitations.InviteAsync(new InviteRequest(), Cancel);
        Assert.True(InvitationCode.TryParse(invited.Code, out var code));
        return code;
    }

    private sealed class LoneUnit : IInvitingUnit
    {
        public List<string> Notes { get; } = [];

        public TaskCompletionSource Restarted { get; } = new();

        public RunStatus? Run { get; set; }

        public Task<ClusterStatus> StatusAsync(CancellationToken cancel) =>
            Task.FromResult(
                Samples.Status with
                {
                    Upgrade = Run,
                    Units =
                    [
                        .. Samples.Status.Units.Select(unit =>
                            unit with
                            {
                                State = UnitStateWord.Ready,
                                Incarnation = $"{Asked.Count(asked => asked == $"{unit.Name} unit.restart")}",
                            }
                        ),
                    ],
                }
            );

        public async Task<TAnswer> AskAsync<TRequest, TAnswer>(
            string unit,
            PeerCall<TRequest, TAnswer> call,
            TRequest request,
            CancellationToken cancel
        )
        {
            Asked.Add($"{unit} {call.Name} {(request as AddPeerRequest)?.CheckOnly}".Trim());
            return Refusing is { } why ? throw why : await Task.FromResult((TAnswer)(object)new AddPeerAnswer([new("lo", "127.0.0.2")]));
        }

        public List<string> Asked { get; } = [];

        public Common.RefusedException? Refusing { get; set; }

        public void Note(string text) => Notes.Add(text);

        public void RequestRestart() => Restarted.TrySetResult();
    }
}
