using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Notices;
using Hitless.Daemon.Common;
using Hitless.Daemon.Notices;
using Hitless.Daemon.Tests.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Notices;

public sealed class NoticeServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-notices-").FullName;
    private readonly HttpListener page = new();
    private readonly Uri address;

    public NoticeServiceTests()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/hook/");
        }

        page.Prefixes.Add(address.ToString());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        page.Close();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Events_are_posted_in_order_signed_and_again_until_they_are_taken()
    {
        File.WriteAllText(Path.Combine(folder, "secret"), "Jefe\n");
        page.Start();
        var first = await RunAsync(async events =>
        {
            events.Add(EventKinds.Role, "first");
            events.Add(EventKinds.Sessions, "not wanted");
            events.Add(EventKinds.Health, "second");
            return [await TakeAsync(503), await TakeAsync(200), await TakeAsync(204)];
        });

        Assert.Equal(["first", "first", "second"], first.Select(told => told.Text));
        Assert.All(first, told => Assert.True(told.Signed));

        // A restart tells nothing twice, and what happened meanwhile.
        var second = await RunAsync(async events =>
        {
            events.Add(EventKinds.Role, "third");
            return [await TakeAsync(200)];
        });
        Assert.Equal(["third"], second.Select(told => told.Text));
    }

    [Fact]
    public async Task A_page_that_is_not_there_is_a_problem_until_it_is()
    {
        await RunAsync(
            async (events, service) =>
            {
                events.Add(EventKinds.Role, "nobody hears it");
                await UntilAsync(() => service.Problems.Count == 1);
                Assert.StartsWith("notices do not reach ops: ", Assert.Single(service.Problems), StringComparison.Ordinal);
                page.Start();
                Assert.Equal("nobody hears it", (await TakeAsync(200)).Text);
                await UntilAsync(() => service.Problems.Count == 0);
                return [];
            }
        );
    }

    [Fact]
    public async Task A_collector_gets_datagrams()
    {
        using var collector = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var told = new NoticeSettings("log", null, (IPEndPoint)collector.Client.LocalEndPoint!, null, []);
        await RunAsync(
            async (events, _) =>
            {
                events.Add(EventKinds.Role, "gw1 is primary", 3);
                var got = await collector.ReceiveAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);
                Assert.EndsWith("epoch=\"3\"] gw1 is primary", Encoding.UTF8.GetString(got.Buffer), StringComparison.Ordinal);
                return [];
            },
            told
        );
    }

    [Fact]
    public async Task Problems_that_stay_are_events_when_they_come_and_go()
    {
        using var events = new EventLog(folder, "gw1");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        IReadOnlyList<string>[] looks =
        [
            [],
            ["a"],
            ["a", "for a moment"],
            ["a"],
            [],
            [],
            ["b"],
        ];
        var look = 0;
        var done = new TaskCompletionSource();
        var watch = ProblemWatch.RunAsync(
            _ =>
            {
                if (look == looks.Length)
                {
                    done.TrySetResult();
                }

                return Task.FromResult(looks[Math.Min(look++, looks.Length - 1)]);
            },
            events,
            TimeSpan.FromMilliseconds(1),
            ending.Token
        );
        await done.Task.WaitAsync(Patience, Cancellation);
        await UntilAsync(() => events.LastAsync(EventKinds.Problem, 10, Cancellation).Result.Count == 3);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        Assert.Equal(["a", "no longer: a", "b"], (await events.LastAsync(EventKinds.Problem, 10, Cancellation)).Select(each => each.Text));
    }

    private Task<Told[]> RunAsync(Func<EventLog, Task<Told[]>> during) => RunAsync((events, _) => during(events));

    private async Task<Told[]> RunAsync(Func<EventLog, NoticeService, Task<Told[]>> during, NoticeSettings? told = null)
    {
        using var events = new EventLog(folder, "gw1");
        var settings = UnitFileTests.Read(UnitFileTests.Minimal) with
        {
            Notices = [told ?? new NoticeSettings("ops", address, null, Secret, [EventKinds.Role, EventKinds.Health])],
        };
        var service = new NoticeService(settings, folder, events, new StateDisk(folder, events));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = service.RunAsync(ending.Token);

        // It reads where the log ends before it follows.
        await Task.Delay(300, Cancellation);
        var result = await during(events, service);
        await UntilAsync(() => service.Problems.Count == 0);
        await Task.Delay(200, Cancellation);
        await ending.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return result;
    }

    private string? Secret => Path.Combine(folder, "secret") is var file && File.Exists(file) ? file : null;

    private async Task<Told> TakeAsync(int status)
    {
        var asked = await page.GetContextAsync().WaitAsync(Patience, Cancellation);
        using var body = new MemoryStream();
        await asked.Request.InputStream.CopyToAsync(body, Cancellation);
        var signed = asked.Request.Headers[WebhookBody.SignatureHeader] == WebhookBody.Sign(body.ToArray(), "Jefe"u8);
        asked.Response.StatusCode = status;
        asked.Response.Close();
        using var document = System.Text.Json.JsonDocument.Parse(body.ToArray());
        Assert.NotEmpty(document.RootElement.GetProperty("cluster").GetString()!);
        return new Told(document.RootElement.GetProperty("event").GetProperty("text").GetString()!, signed);
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        for (var until = DateTimeOffset.UtcNow + Patience; !reached(); await Task.Delay(20, Cancellation))
        {
            Assert.True(DateTimeOffset.UtcNow < until);
        }
    }

    private sealed record Told(string Text, bool Signed);
}
