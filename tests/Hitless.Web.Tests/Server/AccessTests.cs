using System.Net;
using System.Text;
using Hitless.Core.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>Who may do what: the table against the unit's routes, and each row with each role by HTTPS.</summary>
public sealed class AccessTests
{
    private const HttpStatusCode Unknown = HttpStatusCode.NotFound;
    private static readonly string[] OutsideApiHost =
    [
        "POST /v1/firmware/check",
        "POST /v1/invite",
        "POST /v1/key/rotate",
        "POST /v1/unit/hold",
        "POST /v1/unit/reboot",
        "POST /v1/unit/release",
        "POST /v1/unit/remove",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_has_a_row_for_each_route_of_the_unit_and_no_other()
    {
        await using var bench = await WebBench.StartAsync();
        var routes = bench
            .Host.Routes.DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(route =>
                route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText}")
            );
        var rows = AccessTable.All.Where(rule => rule.By == Answerer.Unit).Select(rule => $"{rule.Method} {rule.Path}");
        Assert.Equal(routes.Concat(OutsideApiHost).Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_route_refuses_nobody_and_lower_roles_and_lets_the_others_in()
    {
        await using var bench = await WebBench.StartAsync();
        List<string> wrong = [];
        foreach (var rule in AccessTable.All)
        {
            foreach (var role in (WebRole?[])[null, .. WebBench.WebRoles()])
            {
                using var client = bench.Client(role);
                using var request = new HttpRequestMessage(new HttpMethod(rule.Method), rule.Path);
                request.Content = rule.BodyMax > 0 ? new StringContent("{}", Encoding.UTF8, "application/json") : null;
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                var denied = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
                var expected = role is null ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden;
                var open = role >= rule.Least;
                if (open ? denied : answer.StatusCode != expected)
                {
                    wrong.Add($"{rule.Method} {rule.Path} as {role?.ToString() ?? "nobody"}: {(int)answer.StatusCode}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(AccessTable.All.Count > 35, "the table has shrunk");
    }

    [Fact]
    public async Task With_a_cookie_each_route_that_changes_wants_our_own_page()
    {
        await using var bench = await WebBench.StartAsync();
        var cookie = await bench.CookieAsync(WebRole.Admin);
        using var client = bench.Client();
        List<string> wrong = [];
        foreach (var rule in AccessTable.All.Where(rule => rule.Changes))
        {
            using var request = new HttpRequestMessage(new HttpMethod(rule.Method), rule.Path);
            request.Headers.Add("Cookie", cookie);
            request.Content = rule.BodyMax > 0 ? new StringContent("{}", Encoding.UTF8, "text/plain") : null;
            using var answer = await client.SendAsync(request, Cancel);
            if (answer.StatusCode != HttpStatusCode.Forbidden)
            {
                wrong.Add($"{rule.Method} {rule.Path}: {(int)answer.StatusCode}");
            }
        }

        Assert.Empty(wrong);
        Assert.Empty(bench.Unit.Asked);
    }

    [Fact]
    public async Task Without_a_log_in_nothing_is_readable_but_the_page_and_whether_it_answers()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client();
        foreach (var path in (string[])["/", "/app.js", "/app.css", "/favicon.svg", "/healthz"])
        {
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(path, Cancel)).StatusCode);
        }

        foreach (var path in (string[])["/v1/status", "/metrics", "/session", "/v1/nothing", "/index.html", "/app.js.map", "/web.json"])
        {
            using var answer = await client.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, answer.StatusCode));
            Assert.DoesNotContain("gw1", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.Equal("{\"answers\":true}", await client.GetStringAsync("/healthz", Cancel));
        Assert.Empty(bench.Unit.Asked);
    }

    [Theory]
    [InlineData("/v1/../v1/config")]
    [InlineData("/v1/status/../config")]
    [InlineData("/app.js/../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2fweb.json")]
    [InlineData("//v1/config")]
    [InlineData("/v1/config/")]
    [InlineData("/v1//config")]
    [InlineData("/V1/CONFIG")]
    [InlineData("/v1/config%00")]
    [InlineData("http://unit/v1/config")]
    public async Task A_path_leads_nowhere_but_to_its_row(string path)
    {
        await using var bench = await WebBench.StartAsync();
        var token = WebBench.TokenSecret(WebBench.TokenName(WebRole.Viewer));
        var answer = await bench.RawAsync(
            $"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        Assert.Matches("^HTTP/1.1 (400|403|404) ", answer);
        Assert.DoesNotContain("nftables", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Unit.Asked, asked => asked.StartsWith("config", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_answer_has_the_headers_and_the_page_keeps_to_its_policy()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Viewer);
        foreach (var path in (string[])["/", "/app.js", "/healthz", "/v1/status", "/v1/nothing"])
        {
            using var answer = await client.GetAsync(path, Cancel);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'self'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.True(answer.Headers.ConnectionClose);
            Assert.False(answer.Headers.Contains("Server"));
        }

        var html = await client.GetStringAsync("/", Cancel);
        Assert.DoesNotMatch("<script(?![^>]*src=)|<style|style=|onclick", html);
        Assert.Equal(Unknown, (await client.GetAsync("/assets/chunk-of-another-version.js", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("/v1/switchover", 1 << 17)]
    [InlineData("/v1/upgrade/gate", 1 << 17)]
    [InlineData("/v1/upgrade/pause", 1)]
    [InlineData("/v1/config/rollback", 1 << 17)]
    public async Task A_body_that_is_too_large_is_not_taken(string path, int bytes)
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Admin);
        using var measured = await client.PostAsync(path, new ByteArrayContent(new byte[bytes]), Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, measured.StatusCode);
        Assert.Empty(bench.Unit.Asked);
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_cut_off_at_its_limit()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client(WebRole.Admin);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/switchover") { Content = new ByteArrayContent(new byte[1 << 17]) };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Empty(bench.Unit.Asked);
    }

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nX: b\rHitless-Request: 1\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    public async Task Headers_that_could_be_read_in_two_ways_are_refused(string request)
    {
        await using var bench = await WebBench.StartAsync();
        Assert.StartsWith("HTTP/1.1 400 ", await bench.RawAsync(request), StringComparison.Ordinal);
    }
}
