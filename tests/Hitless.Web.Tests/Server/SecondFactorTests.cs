using System.Net;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>Log-ins with a second factor.</summary>
public sealed class SecondFactorTests
{
    private const string Recovery = "ABCD-EFGH-IJKL-MNOP";
    private static readonly byte[] Secret = [.. Enumerable.Range(1, TotpCode.SecretBytes).Select(each => (byte)each)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The step before this one: it stays valid until this one is over, and the next is still to come.
    private static string Code(int later = -1) => TotpCode.At(Secret, (DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30) + later);

    [Fact]
    public async Task The_password_alone_is_not_enough_and_says_what_is_wanted()
    {
        await using var bench = await StartAsync();
        var asked = await LogInAsync(bench, null);
        Assert.Equal((HttpStatusCode.Unauthorized, ProblemTypes.CodeWanted.Uri), asked);
        Assert.Equal(asked, await LogInAsync(bench, " "));
        Assert.Equal((HttpStatusCode.OK, null), await LogInAsync(bench, Code()));

        // Who does not know the password does not learn that there is a factor.
        Assert.Equal((HttpStatusCode.Unauthorized, ProblemTypes.LoginFailed.Uri), await LogInAsync(bench, null, "not the right one"));
    }

    [Fact]
    public async Task A_code_is_taken_once_and_no_earlier_one_after_it()
    {
        await using var bench = await StartAsync();
        var (earlier, later) = (Code(-1), Code(0));
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(bench, later)).Status);
        Assert.Equal((HttpStatusCode.Unauthorized, ProblemTypes.LoginFailed.Uri), await LogInAsync(bench, later));
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(bench, earlier)).Status);
    }

    [Fact]
    public async Task A_recovery_code_is_taken_once_also_after_a_restart()
    {
        await using var bench = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(bench, Recovery)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(bench, Recovery)).Status);
        await bench.RestartServerAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(bench, Recovery)).Status);
    }

    [Fact]
    public async Task Another_unit_with_the_same_file_takes_the_codes_too()
    {
        await using var bench = await StartAsync();
        var other = await bench.StartServerAsync();
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(bench, Code(), address: other)).Status);
    }

    [Fact]
    public async Task Wrong_codes_are_slowed_down_for_who_has_the_password()
    {
        await using var bench = await StartAsync();
        List<HttpStatusCode> answers = [];
        for (var i = 0; i < 5; i++)
        {
            answers.Add((await LogInAsync(bench, "000000x")).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogInAsync(bench, Code())).Status);
    }

    [Fact]
    public async Task A_log_in_of_before_ends_when_a_factor_is_given()
    {
        await using var bench = await WebBench.StartAsync();
        var cookie = await bench.CookieAsync(WebRole.Admin);
        Give(bench);
        using var client = bench.Client();
        HttpStatusCode status;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
            request.Headers.Add("Cookie", cookie);
            using var answer = await client.SendAsync(request, limit.Token);
            status = answer.StatusCode;
        } while (status == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public void A_file_whose_factor_lacks_a_part_is_refused_rather_than_taken_without_it()
    {
        var text = Encoding.UTF8.GetString(
            new WebSecrets(
                1,
                new byte[32],
                "c",
                "k",
                [new("ada", WebRole.Admin, new(1, [], []), 1, new SecondFactor(Secret, []))],
                []
            ).ToFile()
        );
        Assert.True(WebSecrets.TryRead(Encoding.UTF8.GetBytes(text), out _, out _));
        var damaged = text.Replace("\"secret\"", "\"sceret\"", StringComparison.Ordinal);
        Assert.False(WebSecrets.TryRead(Encoding.UTF8.GetBytes(damaged), out _, out var error));
        Assert.Equal("a part of a second factor is missing", error);
    }

    private static async Task<WebBench> StartAsync()
    {
        var bench = await WebBench.StartAsync();
        Give(bench);
        await bench.RestartServerAsync();
        return bench;
    }

    private static void Give(WebBench bench)
    {
        var secrets = bench.Read();
        var user = secrets.Users.Single(each => each.Role == WebRole.Admin);
        bench.Write(secrets.With(user with { Factor = new SecondFactor(Secret, [SecondFactor.Hash(Recovery)]), Stamp = 77 }));
    }

    private static async Task<(HttpStatusCode Status, string? Type)> LogInAsync(
        WebBench bench,
        string? code,
        string password = WebBench.Password,
        Uri? address = null
    )
    {
        using var client = bench.Client();
        client.BaseAddress = address ?? bench.Address;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/session");
        request.Content = new StringContent(
            JsonSerializer.Serialize(
                new
                {
                    user = $"{WebRole.Admin}",
                    password,
                    code,
                }
            ),
            Encoding.UTF8,
            "application/json"
        );
        request.Headers.Add("Hitless-Request", "1");
        using var answer = await client.SendAsync(request, Cancel);
        using var read = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        return (answer.StatusCode, read.RootElement.TryGetProperty("type", out var type) ? type.GetString() : null);
    }
}
