using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class ManagedFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hc-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ManagedFiles Files =>
        new(
            new OwnRootWork(_folder, UnitFileTests.Read(UnitFileTests.Minimal)),
            TimeSpan.FromSeconds(10),
            new Dictionary<string, string>()
        );

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_of_one_gigabyte_is_refused_without_being_read()
    {
        using (var huge = File.Create(_folder + "/huge"))
        {
            huge.SetLength(1L << 30);
        }

        var before = GC.GetTotalAllocatedBytes();
        var (files, problems) = Files.Import([new(_folder + "/huge", null, null)]);
        Assert.Empty(files);
        Assert.Equal($"{_folder}/huge is larger than 8 MiB", Assert.Single(problems));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task A_symbolic_link_is_refused_as_the_file_and_as_a_folder_above_it()
    {
        Directory.CreateDirectory(_folder + "/real");
        File.WriteAllText(_folder + "/real/target", "untouched");
        File.CreateSymbolicLink(_folder + "/link", _folder + "/real/target");
        Directory.CreateSymbolicLink(_folder + "/folder", _folder + "/real");
        foreach (var path in new[] { "/link", "/folder/target", "/folder/new" })
        {
            var outcome = await Files.ApplyAsync(
                [new ManagedFile(_folder + path, "owned"u8.ToArray(), null, null, null)],
                [],
                repeat: false,
                Cancel
            );
            Assert.Contains("symbolic link", outcome.Why);
        }

        Assert.Equal("untouched", File.ReadAllText(_folder + "/real/target"));
    }

    [Theory]
    [InlineData("etc/passwd")]
    [InlineData("/etc/../etc/passwd")]
    [InlineData("/etc//passwd")]
    [InlineData("/etc/$(reboot)")]
    [InlineData("/etc/a b")]
    [InlineData("/etc/a\n")]
    [InlineData("/")]
    [InlineData("")]
    public async Task Paths_that_are_not_plain_are_refused(string path) =>
        Assert.Contains(
            ManagedPath.NotPlain,
            (await Files.ApplyAsync([new ManagedFile(path, [], null, null, null)], [], repeat: false, Cancel)).Why
        );

    [Fact]
    public async Task A_file_that_is_on_disk_already_is_not_applied_again_and_shared_commands_run_once()
    {
        var apply = $"echo run >> {_folder}/log";
        ManagedFile[] files =
        [
            new(_folder + "/a", "a"u8.ToArray(), null, apply, null),
            new(_folder + "/b", "b"u8.ToArray(), null, apply, null),
        ];
        Assert.Null((await Files.ApplyAsync(files, [], repeat: false, Cancel)).Why);
        Assert.Null((await Files.ApplyAsync(files, files, repeat: false, Cancel)).Why);
        Assert.Equal("run\n", File.ReadAllText(_folder + "/log"));
        Assert.Empty(Directory.GetFiles(_folder, ".*"));
    }

    [Fact]
    public async Task A_rule_set_that_nft_refuses_never_gets_onto_the_disk()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/sbin/nft"), "needs root and nftables");
        const string space = "hc-nft";
        await Sh($"ip netns del {space} 2>/dev/null; ip netns add {space}");
        try
        {
            var path = _folder + "/nftables.conf";
            var good = new ManagedFile(
                path,
                "flush ruleset\ntable inet f { chain c { type filter hook forward priority 0; policy drop; }\n}\n"u8.ToArray(),
                $"ip netns exec {space} nft -c -f {{file}}",
                $"ip netns exec {space} nft -f {{file}}",
                "0600"
            );
            var bad = good with { Content = "table inet f { chian c { } }\n"u8.ToArray() };
            Assert.Equal(new FilesOutcome(null, ""), await Files.CheckAsync([good], [], Cancel));
            Assert.Null((await Files.ApplyAsync([good], [], repeat: false, Cancel)).Why);
            Assert.Contains("policy drop", await Sh($"ip netns exec {space} nft list ruleset"));
            var outcome = await Files.CheckAsync([bad], [], Cancel);
            Assert.StartsWith($"check of {path} failed: exit code 1: ", outcome.Why);
            Assert.Contains("syntax error", outcome.Output);
            Assert.Equal(good.Content, File.ReadAllBytes(path));
        }
        finally
        {
            await Sh($"ip netns del {space}");
        }
    }

    [Fact]
    public async Task Output_is_bounded_readable_and_not_waited_for_beyond_the_command()
    {
        var outcome = await ShellCommand.RunAsync("yes x | head -c 100000; sleep 3 & exit 3", TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal("exit code 3", outcome.Why);
        Assert.InRange(outcome.Output.Length, ShellCommand.OutputMaxBytes - 1, ShellCommand.OutputMaxBytes + 100);
        Assert.EndsWith("bytes more)", outcome.Output);
        Assert.Equal(".[31m\uFFFD", (await ShellCommand.RunAsync(@"printf '\033[31m\377'", TimeSpan.FromSeconds(20), Cancel)).Output);
    }

    [Theory]
    [InlineData("nft -f {file}", "/etc/a.conf", "nft -f /etc/a.conf")]
    [InlineData("cp {file} {file}~", "/a b", "cp '/a b' '/a b'~")]
    [InlineData("cat {file}", "/it's", @"cat '/it'\''s'")]
    public void A_path_in_a_command_is_quoted_where_the_shell_needs_it(string template, string path, string expected) =>
        Assert.Equal(expected, ShellCommand.WithFile(template, path));

    private static async Task<string> Sh(string command) => (await ShellCommand.RunAsync(command, TimeSpan.FromSeconds(20), Cancel)).Output;
}
