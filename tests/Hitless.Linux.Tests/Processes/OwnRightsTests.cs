using Hitless.Linux.Namespaces;
using Hitless.Linux.Native;
using Hitless.Linux.Processes;
using Xunit;

namespace Hitless.Linux.Tests.Processes;

/// <summary>Each on a thread of its own, which ends with the test: what a thread gives up does not come back.</summary>
public sealed class OwnRightsTests
{
    private const int SysAdmin = 21;
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(new Capability[0])]
    [InlineData(new[] { Capability.NetAdmin })]
    [InlineData(new[] { Capability.NetAdmin, Capability.SysNice, Capability.DacOverride })]
    public void What_is_not_kept_is_gone_in_every_set_and_for_all_that_is_executed(Capability[] kept)
    {
        Assert.True(ProcessRights.TryRead("/proc/thread-self", out var before));
        Assert.SkipUnless(before.Effective != 0 && before.Effective == before.Bounding, "not root: there is nothing to give up");
        var folder = Directory.CreateTempSubdirectory("hitless-rights-").FullName;
        try
        {
            string? problem = null;
            ProcessRights own = default;
            OnAThread(() =>
            {
                problem = OwnRights.KeepOnly(kept);
                Assert.True(ProcessRights.TryRead("/proc/thread-self", out own));
                Execute(folder);
            });

            var set = ProcessRights.SetOf(kept) & before.Permitted;
            Assert.Null(problem);
            Assert.Equal(new ProcessRights(set, set, 0, set, 0, NoNewPrivileges: true, before.CallsFiltered), own);
            Assert.True(ProcessRights.TryRead(folder, out var executed));
            Assert.Equal(new ProcessRights(set, set, 0, set, 0, NoNewPrivileges: true, before.CallsFiltered), executed);
            Assert.True(ProcessRights.TryRead("/proc/thread-self", out var after));
            Assert.Equal(before, after);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_filtered_thread_is_refused_what_it_has_the_right_to_and_does_all_else()
    {
        Assert.True(ProcessRights.TryRead("/proc/thread-self", out var before));
        Assert.SkipUnless((before.Effective & 1UL << SysAdmin) != 0, "not root: nothing that is filtered would be allowed");
        string? problem = "not tried";
        Exception? unshared = null;
        ProcessRights own = default;
        OnAThread(() =>
        {
            _ = NetworkNamespace.RunInEmpty(() => 0);
            problem = OwnRights.KeepOnly(Enumerable.Range(0, 41).Select(number => (Capability)number));
            problem ??= SystemCallFilter.Enter();
            Assert.True(ProcessRights.TryRead("/proc/thread-self", out own));
            unshared = Record.Exception(() => NetworkNamespace.RunInEmpty(() => 0));
            using var pair = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        });
        Assert.Null(problem);
        Assert.Equal((true, before.Effective), (own.CallsFiltered, own.Effective));
        Assert.Contains("Operation not permitted", Assert.IsType<IOException>(unshared).Message, StringComparison.Ordinal);
        Assert.Null(Record.Exception(() => NetworkNamespace.RunInEmpty(() => 0)));
    }

    [Theory]
    [InlineData("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")]
    public void Every_call_that_is_refused_has_the_number_of_the_kernels_own_list(string header)
    {
        Assert.SkipUnless(File.Exists(header), $"{header} is not here (apt-get install linux-libc-dev)");
        var numbers = File.ReadLines(header)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["#define", _, _])
            .ToDictionary(words => words[1], words => words[2], StringComparer.Ordinal);
        Assert.All(SystemCallFilter.OnX64, each => Assert.Equal($"{each.Number}", numbers[$"__NR_{each.Name}"]));
    }

    [Theory]
    [InlineData("/proc/self/nothing")]
    [InlineData("/proc/0")]
    [InlineData("/etc")]
    public void What_is_no_process_has_no_rights(string folder) => Assert.False(ProcessRights.TryRead(folder, out _));

    [Theory]
    [InlineData("/nowhere/at/all", "No such file or directory")]
    [InlineData("/etc/passwd", "Permission denied")]
    public void A_program_that_cannot_be_started_is_a_line(string program, string expected)
    {
        SpawnedProcess.Start(program, "name", [], new Dictionary<string, string>(), out var problem);
        Assert.Equal(expected, problem);
    }

    private static void Execute(string folder)
    {
        var (command, own) = ($"cat /proc/self/status > {folder}/status", new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        var child = SpawnedProcess.Start("/bin/sh", "sh", ["-c", command], own, out var failure);
        Assert.Null(failure);
        Assert.Equal(0, ChildProcess.ExitAsync(child).GetAwaiter().GetResult());
    }

    private static void OnAThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action)) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(Plenty));
        Assert.Null(failure);
    }
}
