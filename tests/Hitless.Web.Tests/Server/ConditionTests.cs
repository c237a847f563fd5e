using System.Net;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Daemon.Common;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>Keys and conditions of requests by HTTPS, and the form of refusals.</summary>
public sealed class ConditionTests
{
    private const string Commit = """{"files":[],"message":"m","author":"x","parent":null,"confirmMs":null}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_its_callers_own()
    {
        await using var bench = await WebBench.StartAsync();
        foreach (var role in (WebRole[])[WebRole.Operator, WebRole.Admin, WebRole.Operator])
        {
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(bench, role, "/v1/switchover", "{}", ("Idempotency-Key", "a"))).Status);
        }

        Assert.Equal(2, bench.Unit.Asked.Count);
        var other = await SendAsync(bench, WebRole.Operator, "/v1/switchover", """{"to":"gw2"}""", ("Idempotency-Key", "a"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, ProblemTypes.KeyReused.Uri), (other.Status, other.Type));
    }

    [Fact]
    public async Task A_key_lets_nobody_in()
    {
        await using var bench = await WebBench.StartAsync();
        await SendAsync(bench, WebRole.Operator, "/v1/switchover", "{}", ("Idempotency-Key", "a"));
        var denied = await SendAsync(bench, WebRole.Viewer, "/v1/switchover", "{}", ("Idempotency-Key", "a"));
        Assert.Equal((HttpStatusCode.Forbidden, ProblemTypes.NotAllowed.Uri), (denied.Status, denied.Type));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ä")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        await using var bench = await WebBench.StartAsync();
        var token = WebBench.TokenSecret(WebBench.TokenName(WebRole.Operator));
        var answer = await bench.RawAsync(
            $"POST /v1/switchover HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
                + "Content-Length: 2\r\n\r\n{}"
        );
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Empty(bench.Unit.Asked);
    }

    [Fact]
    public async Task The_tag_of_the_configuration_is_the_condition_of_a_commit()
    {
        await using var bench = await WebBench.StartAsync();
        using var admin = bench.Client(WebRole.Admin);
        using var read = await admin.GetAsync("/v1/config", Cancel);
        var tag = read.Headers.ETag!.ToString();
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(bench, WebRole.Admin, "/v1/config/commit", Commit, ("If-Match", tag))).Status);
        Assert.Equal(tag, $"\"{bench.Unit.Commit!.Parent}\"");

        bench.Unit.CommitFailure = new RefusedException(ProblemTypes.ConfigurationChanged.Refuse("it is 5 now", "look at it"));
        var changed = await SendAsync(bench, WebRole.Admin, "/v1/config/commit", Commit, ("If-Match", tag));
        Assert.Equal((HttpStatusCode.PreconditionFailed, ProblemTypes.ConfigurationChanged.Uri), (changed.Status, changed.Type));

        var two = await SendAsync(bench, WebRole.Admin, "/v1/config/commit", Commit, ("If-Match", $"{tag}, {tag}"));
        Assert.Equal(HttpStatusCode.BadRequest, two.Status);
    }

    [Fact]
    public async Task Every_refusal_of_the_web_manager_is_a_problem_document_with_what_to_do()
    {
        await using var bench = await WebBench.StartAsync();
        await bench.StopUnitAsync();
        foreach (
            var (role, path, type) in new (WebRole?, string, ProblemType)[]
            {
                (null, "/v1/status", ProblemTypes.NotLoggedIn),
                (WebRole.Viewer, "/v1/nothing", ProblemTypes.NoSuchRoute),
                (WebRole.Viewer, "/v1/config", ProblemTypes.NotAllowed),
                (WebRole.Viewer, "/v1/status", ProblemTypes.DaemonUnreachable),
            }
        )
        {
            using var client = bench.Client(role);
            using var answer = await client.GetAsync(path, Cancel);
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(type.Uri, problem.RootElement.GetProperty("type").GetString());
            Assert.Equal((int)answer.StatusCode, problem.RootElement.GetProperty("status").GetInt32());
            Assert.NotEqual("", problem.RootElement.GetProperty("remedy").GetString());
        }
    }

    private static async Task<(HttpStatusCode Status, string? Type)> SendAsync(
        WebBench bench,
        WebRole role,
        string path,
        string body,
        (string Name, string Value) header
    )
    {
        using var client = bench.Client(role);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8) };
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var answer = await client.SendAsync(request, Cancel);
        using var read = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return (answer.StatusCode, read.RootElement.TryGetProperty("type", out var type) ? type.GetString() : null);
    }
}
