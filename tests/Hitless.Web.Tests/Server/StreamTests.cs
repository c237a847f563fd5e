using System.Net;
using System.Text;
using Hitless.Core.Web;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>What comes from the unit: streams, uploads, metrics, and a unit that does not answer.</summary>
public sealed class StreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_status_stream_goes_on_while_the_daemon_restarts_and_says_so()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Viewer);
        await using var stream = await client.GetStreamAsync("/v1/status/watch", Cancel);
        using var lines = new StreamReader(stream);
        Assert.Contains("\"cluster\":\"edge\"", await UntilAsync(lines, "data: {\"cluster"), StringComparison.Ordinal);
        await bench.StopUnitAsync();
        await UntilAsync(lines, "event: unreachable");
        await bench.StartUnitAsync();
        await UntilAsync(lines, "data: {\"cluster");
    }

    [Fact]
    public async Task A_stream_ends_when_its_reader_may_not_read_any_more()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Viewer);
        await using var stream = await client.GetStreamAsync("/v1/status/watch", Cancel);
        using var lines = new StreamReader(stream);
        await UntilAsync(lines, "data: ");
        bench.Write(bench.Read().Without(WebBench.TokenName(WebRole.Viewer)));
        while (await lines.ReadLineAsync(Cancel) is not null) { }
    }

    [Fact]
    public async Task A_unit_that_does_not_answer_is_named_with_what_to_do()
    {
        await using var bench = await WebBench.StartAsync();
        await bench.StopUnitAsync();
        using var client = bench.Client(WebRole.Viewer);
        using var answer = await client.GetAsync("/v1/status", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("hitlessd does not answer", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_of_the_unit_comes_through_as_it_is()
    {
        await using var bench = await WebBench.StartAsync();
        bench.Unit.Failure = new Hitless.Daemon.Common.RefusedException("a run is open", "wait for its end");
        using var client = bench.Client(WebRole.Operator);
        using var answer = await client.PostAsync("/v1/switchover", new StringContent("{}"), Cancel);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal(
            """{"error":"a run is open","remedy":"wait for its end","detail":null,"type":"urn:hitless:problem:refused","""
                + "\"title\":\"Refused\",\"status\":409}",
            await answer.Content.ReadAsStringAsync(Cancel)
        );
    }

    [Fact]
    public async Task An_image_reaches_the_unit_byte_by_byte()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Operator);
        var image = Encoding.ASCII.GetBytes(new string('x', 5_000_000));
        using var answer = await client.PostAsync("/v1/firmware", new ByteArrayContent(image), Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(image)), bench.Unit.UploadedHash);
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    public async Task Metrics_come_in_the_form_that_is_asked_for(string? accept, string type)
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Viewer);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        using var answer = await client.GetAsync("/metrics", Cancel);
        Assert.Equal(type, answer.Content.Headers.ContentType?.ToString());
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains($"hitless_unit_role{{unit=\"gw1\",role=\"primary\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Equal(accept is not null, text.EndsWith("# EOF\n", StringComparison.Ordinal));
        Assert.Contains("status", bench.Unit.Asked);
        _ = Samples.Status;
    }

    private static async Task<string> UntilAsync(StreamReader lines, string beginning)
    {
        while (await lines.ReadLineAsync(Cancel) is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new EndOfStreamException($"no line begins with {beginning}");
    }
}
