using System.Net;
using System.Text.Json;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>Log-ins: cookies, delays, their end, other units, other sites' pages, and what the audit log says.</summary>
public sealed class LoginTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_in_gives_a_cookie_that_no_script_and_no_other_site_can_use()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client();
        using var answer = await client.SendAsync(WebBench.LogIn("Operator", WebBench.Password), Cancel);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single();
        Assert.StartsWith("__Host-hitless=", cookie, StringComparison.Ordinal);
        Assert.Equal(["httponly", "path=/", "samesite=strict", "secure"], cookie.Split("; ")[1..].Order(StringComparer.Ordinal));
        using var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("operator", told.RootElement.GetProperty("role").GetString());
        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "/v1/status", cookie.Split(';')[0]));
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_user_get_the_same_answer_and_then_a_delay()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client();
        List<(HttpStatusCode, string)> answers = [];
        foreach (var user in (string[])["Admin", "nobody", "Admin", "nobody", "Admin"])
        {
            using var answer = await client.SendAsync(WebBench.LogIn(user, "not the right one"), Cancel);
            answers.Add((answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel)));
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(HttpStatusCode.Unauthorized, answers[3].Item1);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[4].Item1);

        // Nobody is locked out: the right password is taken once the time is over.
        using var right = await client.SendAsync(WebBench.LogIn("Admin", WebBench.Password), Cancel);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        await Task.Delay(right.Headers.RetryAfter!.Delta!.Value, Cancel);
        using var again = await client.SendAsync(WebBench.LogIn("Admin", WebBench.Password), Cancel);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task A_log_in_of_one_unit_is_valid_on_another_and_ends_where_it_is_ended()
    {
        await using var bench = await WebBench.StartAsync();
        var cookie = await bench.CookieAsync(WebRole.Viewer);
        var other = await bench.StartServerAsync();
        using var client = bench.Client();
        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, new Uri(other, "/v1/status").ToString(), cookie));

        using var logOut = new HttpRequestMessage(HttpMethod.Delete, "/session");
        logOut.Headers.Add("Cookie", cookie);
        logOut.Headers.Add("Hitless-Request", "1");
        using var ended = await client.SendAsync(logOut, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Contains("expires=Thu, 01 Jan 1970", ended.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "/v1/status", cookie));
    }

    [Fact]
    public async Task A_new_password_ends_the_log_ins_before_it_on_every_unit()
    {
        await using var bench = await WebBench.StartAsync();
        var cookie = await bench.CookieAsync(WebRole.Admin);
        var secrets = bench.Read();
        bench.Write(secrets.With(secrets.Users.Single(user => user.Role == WebRole.Admin) with { Stamp = 99 }));
        await Task.Delay(TimeSpan.FromSeconds(1.2), Cancel); // the file is looked at once a second
        using var client = bench.Client();
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "/v1/status", cookie));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "/v1/status", await bench.CookieAsync(WebRole.Viewer)));
    }

    [Fact]
    public async Task A_damaged_file_of_users_changes_nothing()
    {
        await using var bench = await WebBench.StartAsync();
        await File.WriteAllTextAsync(bench.SecretsPath, "{ no", Cancel);
        await Task.Delay(TimeSpan.FromSeconds(1.2), Cancel); // the file is looked at once a second
        var token = WebBench.TokenSecret(WebBench.TokenName(WebRole.Viewer));
        var answer = await bench.RawAsync($"GET /session HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null, HttpStatusCode.Forbidden)]
    [InlineData("1", "https://evil.example", null, HttpStatusCode.Forbidden)]
    [InlineData("1", "null", null, HttpStatusCode.Forbidden)]
    [InlineData("1", null, "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("1", null, "same-site", HttpStatusCode.Forbidden)]
    [InlineData("1", null, "same-origin", HttpStatusCode.OK)]
    [InlineData("1", "own", "same-origin", HttpStatusCode.OK)]
    public async Task With_a_cookie_only_our_own_page_changes_anything(
        string? header,
        string? origin,
        string? site,
        HttpStatusCode expected
    )
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/age/reset");
        request.Headers.Add("Cookie", await bench.CookieAsync(WebRole.Admin));
        foreach (
            var (name, value) in new[]
            {
                ("Hitless-Request", header),
                ("Origin", origin == "own" ? bench.Address.ToString().TrimEnd('/') : origin),
                ("Sec-Fetch-Site", site),
            }
        )
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        using var answer = await client.SendAsync(request, Cancel);
        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, bench.Unit.Asked.Contains("age reset"));
    }

    [Fact]
    public async Task The_audit_log_says_who_did_what_from_where_with_which_result_one_line_each()
    {
        await using var bench = await WebBench.StartAsync();
        using var client = bench.Client();
        using var _ = await client.SendAsync(WebBench.LogIn("a\r\n{\"who\":\"forged\"}", "x"), Cancel);
        await bench.CookieAsync(WebRole.Operator);
        using var viewer = bench.Client(WebRole.Viewer);
        using var denied = await viewer.PostAsync("/v1/switchover?x=%0d%0aInjected", null, Cancel);
        using var admin = bench.Client(WebRole.Admin);
        using var rolled = await admin.PostAsync(
            "/v1/config/rollback",
            new StringContent("""{"revision":"3","author":"somebody else","message":"m"}"""),
            Cancel
        );
        using var junk = await admin.PostAsync("/v1/config/rollback", new StringContent("{"), Cancel);
        await bench.StopUnitAsync();
        using var away = await admin.PostAsync("/v1/age/reset", null, Cancel);
        using var read = await admin.GetAsync("/v1/status", Cancel);

        Assert.Equal(
            [
                "|fails to log in as (no name)|401",
                "Operator|logs in|200",
                "token-Viewer|switches over|403",
                "token-Admin|goes back to an older configuration|200",
                "token-Admin|goes back to an older configuration|400",
                "token-Admin|resets the age of the unit|503",
            ],
            bench.Audit.Select(line =>
                $"{line.GetProperty("who").GetString()}|{line.GetProperty("did").GetString()}|{line.GetProperty("status").GetInt32()}"
            )
        );
        Assert.All(bench.Audit, line => Assert.Equal("127.0.0.1", line.GetProperty("from").GetString()));
    }

    [Fact]
    public async Task A_commit_carries_the_name_of_who_is_logged_in_whatever_its_body_says()
    {
        await using var bench = await WebBench.StartAsync();
        using var admin = bench.Client(WebRole.Admin);
        using var committed = await admin.PostAsync(
            "/v1/config/commit",
            new StringContent("""{"files":[],"message":"m","author":"somebody else","parent":null,"confirmMs":null}"""),
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, committed.StatusCode);
        Assert.Equal("token-Admin", bench.Unit.Commit!.Author);
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient client, string path, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie);
        using var answer = await client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}
