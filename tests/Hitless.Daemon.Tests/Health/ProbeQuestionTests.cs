using System.Net;
using System.Net.Sockets;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Health;
using Hitless.Daemon.Tests.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Health;

public sealed class ProbeQuestionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_service_that_takes_connections_passes_and_one_that_has_ended_fails()
    {
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        var at = (IPEndPoint)service.LocalEndpoint;

        Assert.True((await AskAsync(new ProbeTarget.Tcp(at))).Well);
        service.Stop();
        var answer = await AskAsync(new ProbeTarget.Tcp(at));
        Assert.False(answer.Well);
        Assert.Contains(at.ToString(), answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK", true)]
    [InlineData("HTTP/1.1 302 Found", true)]
    [InlineData("HTTP/1.1 503 Service Unavailable", false)]
    public async Task A_page_passes_by_its_status(string status, bool well)
    {
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        var served = Task.Run(
            async () =>
            {
                using var client = await service.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                var request = new byte[1000];
                _ = await client.GetStream().ReadAsync(request, TestContext.Current.CancellationToken);
                await client
                    .GetStream()
                    .WriteAsync(
                        System.Text.Encoding.ASCII.GetBytes($"{status}\r\nContent-Length: 0\r\n\r\n"),
                        TestContext.Current.CancellationToken
                    );
            },
            TestContext.Current.CancellationToken
        );

        var answer = await AskAsync(new ProbeTarget.Http(new Uri($"http://{service.LocalEndpoint}/health")));

        await served;
        Assert.Equal(well, answer.Well);
        Assert.EndsWith(status.Split(' ')[1], answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 0", true, "exits with 0")]
    [InlineData("echo all well", true, "(all well)")]
    [InlineData("echo no lease >&2; exit 3", false, "exit code 3 (no lease)")]
    [InlineData("/not/there", false, "exit code 127")]
    public async Task A_command_passes_by_its_exit_code(string command, bool well, string said)
    {
        var answer = await AskAsync(new ProbeTarget.Exec(command));
        Assert.Equal(well, answer.Well);
        Assert.Contains(said, answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_does_not_end_fails_and_is_killed_with_its_children()
    {
        var mark = $"{Guid.NewGuid():N}"[..12];
        var answer = await ProbeQuestion.AskAsync(
            new ProbeTarget.Exec($"sh -c 'sleep 60; : {mark}' & wait"),
            TimeSpan.FromMilliseconds(300),
            Work,
            TestContext.Current.CancellationToken
        );
        Assert.False(answer.Well);
        Assert.Contains("did not end within 0.3 s", answer.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.EnumerateDirectories("/proc").Select(folder => Path.Combine(folder, "cmdline")).Where(File.Exists).Select(Content),
            line => line.Contains(mark, StringComparison.Ordinal)
        );
    }

    private static string Content(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [Fact]
    public async Task A_page_that_never_answers_fails_when_the_patience_is_over()
    {
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();

        var answer = await ProbeQuestion.AskAsync(
            new ProbeTarget.Http(new Uri($"http://{service.LocalEndpoint}/")),
            TimeSpan.FromMilliseconds(50),
            Work,
            TestContext.Current.CancellationToken
        );

        Assert.False(answer.Well);
        Assert.Contains("no answer within 50 ms", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_and_load_are_judged_by_what_the_kernel_says()
    {
        Assert.Equal(
            75,
            ProbeQuestion.MemoryInUsePercent(["MemTotal:        1000 kB", "MemFree:         100 kB", "MemAvailable:    250 kB"])
        );
        Assert.Equal(100 * 3 / Environment.ProcessorCount, ProbeQuestion.LoadPercent("3.00 2.00 1.00 1/100 4711"));
        Assert.True((await AskAsync(new ProbeTarget.Memory(100))).Well);
        Assert.True((await AskAsync(new ProbeTarget.Load(100_000))).Well);
    }

    private static OwnRootWork Work => new("/nowhere", UnitFileTests.Read(UnitFileTests.Minimal));

    private static Task<ProbeAnswer> AskAsync(ProbeTarget target) =>
        ProbeQuestion.AskAsync(target, Patience, Work, TestContext.Current.CancellationToken);
}
