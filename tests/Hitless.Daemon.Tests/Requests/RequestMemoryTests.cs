using System.Net;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Daemon.Requests;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Daemon.Tests.Requests;

/// <summary>Requests with an Idempotency-Key, and conditions, on the real local API of a scripted unit.</summary>
public sealed class RequestMemoryTests
{
    private const string Start = """{"image":"abc","guided":false,"keepPrimary":false,"extent":"all"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_key_gets_the_first_answer_and_starts_nothing_also_after_a_restart()
    {
        await using var bench = await ApiBench.StartAsync();
        var first = await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        var second = await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        await bench.StopHostAsync();
        await bench.StartHostAsync();
        var third = await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        Assert.Equal((HttpStatusCode.OK, ""), (first.Status, first.Status == HttpStatusCode.OK ? "" : first.Body));
        Assert.Equal([first, first], [second, third]);
        Assert.Equal(["start abc False"], bench.Unit.Asked);

        await SendAsync(bench, "/v1/upgrade/start", Start, "b");
        Assert.Equal(2, bench.Unit.Asked.Count);
    }

    [Theory]
    [InlineData("/v1/upgrade/start", """{"image":"def","guided":false,"keepPrimary":false,"extent":"all"}""")]
    [InlineData("/v1/upgrade/check", Start)]
    [InlineData("/v1/upgrade/start?x=1", Start)]
    public async Task The_same_key_with_another_request_is_refused(string path, string body)
    {
        await using var bench = await ApiBench.StartAsync();
        await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        var (status, problem) = await SendAsync(bench, path, body, "a");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, ProblemTypes.KeyReused.Uri), (status, TypeOf(problem)));
        Assert.Equal(["start abc False"], bench.Unit.Asked);
    }

    [Fact]
    public async Task What_was_refused_leaves_its_key_free()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Failure = new RefusedException("a run is open", "wait for its end");
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(bench, "/v1/upgrade/start", Start, "a")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(bench, "/v1/upgrade/start", "{", "a")).Status);
        bench.Unit.Failure = null;
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(bench, "/v1/upgrade/start", Start, "a")).Status);
    }

    [Fact]
    public async Task Where_another_unit_fell_silent_or_the_daemon_failed_the_outcome_is_not_known_and_nothing_is_started_again()
    {
        await using var bench = await ApiBench.StartAsync();
        var failures = new (string Key, Exception Failure)[]
        {
            ("a", new PeerException(PeerFailureKind.Unreachable, "gw2", new Refusal("gw2 cannot be reached", "look at its links"))),
            ("b", new RefusedException(ProblemTypes.UnitUnreachable.Refuse("gw2 cannot be reached", "look at its links"))),
            ("c", new InvalidOperationException("a bug")),
        };
        foreach (var (key, failure) in failures)
        {
            bench.Unit.Failure = failure;
            await SendAsync(bench, "/v1/upgrade/start", Start, key);
            bench.Unit.Failure = null;
            var asked = bench.Unit.Asked.Count;
            var (status, problem) = await SendAsync(bench, "/v1/upgrade/start", Start, key);
            Assert.Equal((HttpStatusCode.Conflict, ProblemTypes.OutcomeUnknown.Uri), (status, TypeOf(problem)));
            Assert.Equal(asked, bench.Unit.Asked.Count);
        }
    }

    [Fact]
    public async Task A_request_goes_on_when_its_sender_leaves_and_who_asks_again_gets_its_answer()
    {
        await using var bench = await ApiBench.StartAsync();
        var hold = new TaskCompletionSource();
        bench.Unit.Hold = hold.Task;
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var sent = SendAsync(bench, "/v1/switchover", "{}", "a", left.Token);
        while (bench.Unit.Asked.Count == 0)
        {
            await Task.Delay(5, Cancel);
        }

        var (status, problem) = await SendAsync(bench, "/v1/switchover", "{}", "a");
        Assert.Equal((HttpStatusCode.Conflict, ProblemTypes.RequestInProgress.Uri), (status, TypeOf(problem)));
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        hold.SetResult();
        var answer = await SendAsync(bench, "/v1/switchover", "{}", "a");
        while (answer.Status == HttpStatusCode.Conflict)
        {
            await Task.Delay(5, Cancel);
            answer = await SendAsync(bench, "/v1/switchover", "{}", "a");
        }

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Single(bench.Unit.Asked);
    }

    [Fact]
    public async Task What_was_under_way_when_the_daemon_ended_is_not_started_again()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Hold = Task.Delay(Timeout.Infinite, Cancel);
        var sent = SendAsync(bench, "/v1/switchover", "{}", "a");
        while (bench.Unit.Asked.Count == 0)
        {
            await Task.Delay(5, Cancel);
        }

        await bench.StopHostAsync();
        await Record.ExceptionAsync(() => sent);
        bench.Unit.Hold = null;
        await bench.StartHostAsync();
        var (status, problem) = await SendAsync(bench, "/v1/switchover", "{}", "a");
        Assert.Equal((HttpStatusCode.Conflict, ProblemTypes.OutcomeUnknown.Uri), (status, TypeOf(problem)));
        Assert.Single(bench.Unit.Asked);
        Assert.Empty(bench.Log);
    }

    [Fact]
    public async Task An_image_is_taken_once_and_compared_when_it_comes_again()
    {
        await using var bench = await ApiBench.StartAsync();
        var image = new string('x', 3_000_000);
        var first = await SendAsync(bench, "/v1/firmware", image, "a");
        Assert.Equal(first, await SendAsync(bench, "/v1/firmware", image, "a"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(bench, "/v1/firmware", image + "y", "a")).Status);
        Assert.Equal(["upload"], bench.Unit.Asked);
    }

    [Fact]
    public async Task A_key_is_free_again_after_a_day()
    {
        await using var bench = await ApiBench.StartAsync();
        await SendAsync(bench, "/v1/age/reset", "", "a");
        foreach (var hours in (int[])[23, 25])
        {
            await bench.StopHostAsync();
            bench.Clock = new LateClock(TimeSpan.FromHours(hours));
            await bench.StartHostAsync();
            await SendAsync(bench, "/v1/age/reset", "", "a");
            Assert.Equal(hours < 24 ? 1 : 2, bench.Unit.Asked.Count);
        }
    }

    [Fact]
    public void Of_more_keys_than_are_kept_the_oldest_go()
    {
        var folder = Directory.CreateTempSubdirectory("hitless-requests-");
        try
        {
            var kept = new KeptRequests(folder.FullName, TimeProvider.System);
            for (var i = 0; i <= KeptRequests.CountMax; i++)
            {
                kept.Add($"{i}", new KeptRequest("POST /v1/age/reset", "", 200, "application/json", []));
            }

            Assert.False(kept.Contains("0"));
            Assert.True(kept.Contains("1"));
            Assert.Equal(KeptRequests.CountMax, Directory.GetFiles(Path.Combine(folder.FullName, "requests")).Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_disk_that_takes_no_key_refuses_and_nothing_is_started()
    {
        await using var bench = await ApiBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("requests"), "in the way", Cancel);
        var (status, problem) = await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("without Idempotency-Key", problem, StringComparison.Ordinal);
        Assert.Empty(bench.Unit.Asked);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(bench, "/v1/upgrade/start", Start, null)).Status);
    }

    [Fact]
    public async Task A_damaged_file_counts_as_an_outcome_that_is_not_known()
    {
        await using var bench = await ApiBench.StartAsync();
        await SendAsync(bench, "/v1/upgrade/start", Start, "a");
        await File.WriteAllTextAsync(Directory.GetFiles(bench.File("requests")).Single(), "{", Cancel);
        Assert.Equal(ProblemTypes.OutcomeUnknown.Uri, TypeOf((await SendAsync(bench, "/v1/upgrade/start", Start, "a")).Body));
        Assert.Single(bench.Unit.Asked);
    }

    [Fact]
    public async Task A_commit_follows_the_revision_that_its_condition_names_or_is_refused()
    {
        await using var bench = await ApiBench.StartAsync();
        using var http = bench.Http();
        using var read = await http.GetAsync("/v1/config", Cancel);
        var tag = read.Headers.ETag!.ToString();
        const string commit = """{"files":[],"message":"m","author":"ada","parent":null,"confirmMs":null}""";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(bench, "/v1/config/commit", commit, null, Cancel, tag)).Status);
        Assert.Equal(tag, $"\"{bench.Unit.Commit!.Parent}\"");

        bench.Unit.CommitFailure = new RefusedException(ProblemTypes.ConfigurationChanged.Refuse("it is 5 now", "look at it"));
        var (status, problem) = await SendAsync(bench, "/v1/config/commit", commit, null, Cancel, tag);
        Assert.Equal((HttpStatusCode.PreconditionFailed, ProblemTypes.ConfigurationChanged.Uri), (status, TypeOf(problem)));
        var inBody = commit.Replace("\"parent\":null", $"\"parent\":{tag}", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(bench, "/v1/config/commit", inBody, null)).Status);
    }

    [Theory]
    [InlineData("/v1/config/commit", "*")]
    [InlineData("/v1/config/commit", "W/\"abc\"")]
    [InlineData("/v1/config/commit", "\"abc\", \"def\"")]
    [InlineData("/v1/config/commit", "\"\"")]
    [InlineData("/v1/config/sync", "\"abc\"")]
    [InlineData("/v1/upgrade/start", "\"abc\"")]
    public async Task A_condition_that_nobody_could_judge_is_refused(string path, string condition)
    {
        await using var bench = await ApiBench.StartAsync();
        const string body = """{"files":[],"message":"m","author":"ada","parent":null,"confirmMs":null,"image":"abc"}""";
        var (status, problem) = await SendAsync(bench, path, body, null, Cancel, condition);
        Assert.Equal((HttpStatusCode.BadRequest, ProblemTypes.NotUnderstood.Uri), (status, TypeOf(problem)));
        Assert.Empty(bench.Unit.Asked);
    }

    [Fact]
    public void The_kinds_of_problems_are_told_apart_by_their_ids()
    {
        Assert.Equal(ProblemTypes.All.Count, ProblemTypes.All.DistinctBy(type => type.Id).Count());
        Assert.All(ProblemTypes.All, type => Assert.Matches("^[a-z]+(-[a-z]+)*$", type.Id));
        Assert.All(ProblemTypes.All, type => Assert.Same(type, ProblemTypes.Of(type.Refuse("error", "remedy"))));
    }

    private static string? TypeOf(string problem)
    {
        using var read = JsonDocument.Parse(problem);
        return read.RootElement.GetProperty("type").GetString();
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(
        ApiBench bench,
        string path,
        string body,
        string? key,
        CancellationToken? cancel = null,
        string? condition = null
    )
    {
        using var http = bench.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8) };
        foreach (var (name, value) in new[] { ("Idempotency-Key", key), ("If-Match", condition) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await http.SendAsync(request, cancel ?? Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel ?? Cancel));
    }

    private sealed class LateClock(TimeSpan late) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + late;
    }
}
