using System.Net.Sockets;
using System.Text;
using Hitless.Core.Api;
using Hitless.Daemon.Api;
using Hitless.Daemon.Common;
using Xunit;

namespace Hitless.Daemon.Tests.Api;

public sealed class ApiHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_owner_and_group_may_open_the_socket_and_it_is_gone_after_the_end()
    {
        await using var bench = await ApiBench.StartAsync();
        Assert.Equal("660", Convert.ToString((int)File.GetUnixFileMode(bench.SocketPath), 8));
        await bench.StopHostAsync();
        Assert.False(File.Exists(bench.SocketPath));
    }

    [Fact]
    public async Task A_socket_that_a_killed_unit_left_is_replaced()
    {
        await using var bench = new ApiBench();
        var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        left.Bind(new UnixDomainSocketEndPoint(bench.File("other.sock")));
        File.Move(bench.File("other.sock"), bench.SocketPath); // so that closing does not delete it, as when a process is killed
        left.Dispose();
        await bench.StartHostAsync();
        Assert.Equal(0, (await bench.HitlessAsync("status")).Code);
    }

    [Fact]
    public async Task A_second_unit_on_the_same_socket_is_refused_and_the_first_goes_on()
    {
        await using var bench = await ApiBench.StartAsync();
        await using var second = new ApiHost(new ScriptedUnit(), bench.SocketPath, bench.Requests, _ => { });
        var refused = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Cancel));
        Assert.StartsWith("another hitlessd answers on", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await bench.HitlessAsync("status")).Code);
    }

    [Fact]
    public async Task A_file_in_the_way_is_never_deleted()
    {
        await using var bench = new ApiBench();
        await File.WriteAllTextAsync(bench.SocketPath, "", Cancel);
        await using var host = new ApiHost(new ScriptedUnit(), bench.SocketPath, bench.Requests, _ => { });
        await Assert.ThrowsAsync<IOException>(() => host.StartAsync(Cancel));
        Assert.True(File.Exists(bench.SocketPath));
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", "", 404)]
    [InlineData("DELETE", "/v1/status", "", 405)]
    [InlineData("POST", "/v1/switchover", "{", 400)]
    [InlineData("POST", "/v1/switchover", "null", 400)]
    [InlineData("GET", "/v1/sessions?limit=many", "", 400)]
    [InlineData("POST", "/v1/switchover", "{\"to\":\"gw2\",\"wait\":true,\"fromTheFuture\":{\"a\":[1]}}", 200)]
    public async Task Every_answer_is_json_and_unknown_fields_are_passed_over(string method, string path, string body, int status)
    {
        await using var bench = await ApiBench.StartAsync();
        using var http = bench.Http();
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://unit" + path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var answer = await http.SendAsync(request, Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        using var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(status != 200, json.RootElement.TryGetProperty("remedy", out _));
        Assert.Equal(status == 200 ? "application/json" : "application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_handler_that_crashes_is_logged_and_named_and_the_next_call_works()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Failure = new InvalidOperationException("a bug");
        var ran = await bench.HitlessAsync("status");
        Assert.Equal((1, "hitless: the unit failed: a bug\n  see the log of hitlessd (journalctl -u hitless)\n"), (ran.Code, ran.Error));
        Assert.StartsWith("GET /v1/status failed:", Assert.Single(bench.Log), StringComparison.Ordinal);
        bench.Unit.Failure = null;
        Assert.Equal(0, (await bench.HitlessAsync("status")).Code);
    }

    [Fact]
    public async Task Another_unit_that_does_not_answer_is_no_fault_of_this_one()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Failure = new PeerException(
            PeerFailureKind.Unreachable,
            "gw2",
            new Refusal("gw2 cannot be reached", "look at its heartbeat links")
        );
        var ran = await bench.HitlessAsync("status");
        Assert.Equal((1, "hitless: gw2 cannot be reached\n  look at its heartbeat links\n"), (ran.Code, ran.Error));
        Assert.Empty(bench.Log);
    }

    // A stopping daemon must not wait for somebody who follows the events.
    [Fact]
    public async Task An_open_stream_does_not_hold_up_the_end()
    {
        await using var bench = await ApiBench.StartAsync();
        await using var stream = await bench.ConnectAsync(Cancel);
        await stream.WriteAsync("GET /v1/events HTTP/1.1\r\nHost: unit\r\n\r\n"u8.ToArray(), Cancel);
        var head = new byte[1000];
        Assert.StartsWith(
            "HTTP/1.1 200",
            Encoding.ASCII.GetString(head, 0, await stream.ReadAsync(head, Cancel)),
            StringComparison.Ordinal
        );
        await bench.StopHostAsync();
        Assert.Empty(bench.Log);
    }
}
