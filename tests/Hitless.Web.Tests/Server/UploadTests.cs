using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Daemon.Tests.Firmware;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>Images in parts by HTTPS: asked for the offset, gone on with after a cut and after restarts.</summary>
public sealed class UploadTests : IDisposable
{
    private const string Path = "/v1/firmware/upload";
    private readonly UploadBench _parts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _parts.Dispose();

    [Fact]
    public async Task An_upload_goes_on_after_a_cut_and_after_restarts_of_both_programs()
    {
        await using var bench = await StartAsync();
        using var client = bench.Client(WebRole.Operator);
        var id = await BeginAsync(client);
        var half = _parts.Image.Length / 2;
        await SendAndCutAsync(bench, client, id, half);
        await bench.StopUnitAsync();
        await bench.StartUnitAsync();
        using var other = bench.Client(WebRole.Operator);
        other.BaseAddress = await bench.StartServerAsync();
        var received = await ReceivedAsync(other, id);
        Assert.InRange(received, 1, half);
        using var rest = await PatchAsync(other, id, received, _parts.Image[(int)received..]);
        Assert.Equal(HttpStatusCode.OK, rest.StatusCode);
        Assert.Equal(Assert.Single(_parts.Store.List()).Hash, (await StatusAsync(rest)).GetProperty("image").GetString());
    }

    [Fact]
    public async Task A_part_that_does_not_follow_is_refused_with_where_to_go_on()
    {
        await using var bench = await StartAsync();
        using var client = bench.Client(WebRole.Operator);
        var id = await BeginAsync(client);
        using var refused = await PatchAsync(client, id, 5, [1, 2, 3]);
        var problem = await StatusAsync(refused);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal(ProblemTypes.WrongOffset.Uri, problem.GetProperty("type").GetString());
        Assert.Equal("send from byte 0 on", problem.GetProperty("remedy").GetString());
    }

    [Theory]
    [InlineData("GET", "?id=../../etc/passwd", 404)]
    [InlineData("GET", "?id=00112233445566778899aabbccddeeff", 404)]
    [InlineData("GET", "", 400)]
    [InlineData("DELETE", "?id=*", 404)]
    [InlineData("PATCH", "?id=00112233445566778899aabbccddeeff&offset=0", 404)]
    [InlineData("PATCH", "?id=00112233445566778899aabbccddeeff", 400)]
    [InlineData("PATCH", "?id=00112233445566778899aabbccddeeff&offset=x", 400)]
    [InlineData("PATCH", "?id=00112233445566778899aabbccddeeff&offset=99999999999999999999", 400)]
    public async Task An_upload_that_is_none_is_refused(string method, string query, int status)
    {
        await using var bench = await StartAsync();
        using var client = bench.Client(WebRole.Operator);
        using var request = new HttpRequestMessage(new HttpMethod(method), Path + query);
        request.Content = method == "PATCH" ? new ByteArrayContent([1]) : null;
        using var answer = await client.SendAsync(request, Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task What_was_given_up_is_gone()
    {
        await using var bench = await StartAsync();
        using var client = bench.Client(WebRole.Operator);
        var id = await BeginAsync(client);
        using var removed = await client.DeleteAsync($"{Path}?id={id}", Cancel);
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        using var asked = await client.GetAsync($"{Path}?id={id}", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, asked.StatusCode);
        Assert.Empty(Directory.GetFiles(_parts.Folder));
    }

    private async Task<WebBench> StartAsync()
    {
        var bench = await WebBench.StartAsync();
        bench.Unit.Parts = _parts;
        return bench;
    }

    private async Task<string> BeginAsync(HttpClient client)
    {
        using var begun = await client.PostAsync(Path, new StringContent($$"""{"sizeBytes":{{_parts.Image.Length}}}"""), Cancel);
        return (await StatusAsync(begun)).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> StatusAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;

    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, string id, long offset, byte[] bytes) =>
        client.PatchAsync($"{Path}?id={id}&offset={offset}", new ByteArrayContent(bytes), Cancel);

    /// <summary>Says that all of the image comes, sends a part, and closes the connection once some of it has arrived.</summary>
    private async Task SendAndCutAsync(WebBench bench, HttpClient client, string id, int bytes)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(bench.Address.Host, bench.Address.Port, Cancel);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        var head =
            $"PATCH {Path}?id={id}&offset=0 HTTP/1.1\r\nHost: a\r\nContent-Length: {_parts.Image.Length}\r\n"
            + $"Authorization: Bearer {WebBench.TokenSecret(WebBench.TokenName(WebRole.Operator))}\r\n\r\n";
        await tls.WriteAsync(Encoding.ASCII.GetBytes(head), Cancel);
        await tls.WriteAsync(_parts.Image.AsMemory(0, bytes), Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await ReceivedAsync(client, id) == 0)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private static async Task<long> ReceivedAsync(HttpClient client, string id)
    {
        using var asked = await client.GetAsync($"{Path}?id={id}", Cancel);
        return (await StatusAsync(asked)).GetProperty("receivedBytes").GetInt64();
    }
}
