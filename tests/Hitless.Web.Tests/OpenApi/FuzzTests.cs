using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hitless.Core.Web;
using Hitless.Web.Tests.Server;
using Xunit;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>
/// Requests that are made from docs/openapi.json with junk in each place, to the real web manager before the real local API: no fault of
/// ours, and both answer after it. Seeded.
/// </summary>
public sealed class FuzzTests
{
    private const int RequestsEach = 24;

    private static readonly string[] Junk =
    [
        "",
        " ",
        "null",
        "{",
        "[]",
        "{}",
        "\"\"",
        "1e999",
        "-9223372036854775809",
        "{\"a\":" + new string('[', 100) + new string(']', 100) + "}",
        "../../etc/passwd",
        "\0",
        "\ud83d\ude00\u202e",
        "%00%0d%0a",
        "' OR 1=1 --",
        "*",
        new string('x', 2000),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Junk_is_refused_and_crashes_nothing(int seed)
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Admin);
        var document = JsonNode.Parse(await client.GetStringAsync("/v1/openapi.json", Cancel))!;
        var maker = new RequestMaker(document, new Random(seed), Junk);
        List<string> wrong = [];
        var sent = 0;
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
            {
                for (var i = 0; i < RequestsEach; i++)
                {
                    using var request = maker.Make(method, path, operation!);
                    using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                    sent++;
                    if ((int)answer.StatusCode >= 500)
                    {
                        var text = await answer.Content.ReadAsStringAsync(Cancel);
                        wrong.Add($"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {text}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Concat(bench.Crashes)));
        Assert.Empty(bench.Crashes);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/status", Cancel)).StatusCode);
        Assert.Equal(AccessTable.All.Count * RequestsEach, sent);
    }

    [Fact]
    public void Requests_have_bodies_that_are_right_but_for_one_place_too()
    {
        var document = JsonNode.Parse("""{"components":{"schemas":{"A":{"type":"object","properties":{"n":{"type":"integer"}}}}}}""")!;
        var maker = new RequestMaker(document, new Random(1), Junk);
        var bodies = Enumerable.Range(0, 200).Select(_ => maker.Body(JsonNode.Parse("""{"$ref":"#/components/schemas/A"}""")!)).ToList();
        Assert.Contains(bodies, body =>
            JsonNode.Parse(body) is JsonObject whole && whole["n"] is JsonValue n && n.TryGetValue<long>(out _)
        );
        Assert.Contains(bodies, body =>
            JsonNode.Parse(body) is JsonObject whole && whole["n"] is JsonValue n && n.TryGetValue<string>(out _)
        );
    }
}
