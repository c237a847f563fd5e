using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

public sealed class RevisionTests
{
    private static readonly DateTimeOffset Time = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ManagedFileSettings[] Managed = [new("/etc/a", "check {file}", "apply {file}"), new("/etc/b", null, null)];

    [Fact]
    public void A_hash_names_content_and_history()
    {
        var first = Next(null, 1, "one");
        Assert.True(RevisionIdentity.IsIntact(first));
        Assert.NotEqual(first.Info.Hash, Next(null, 2, "one").Info.Hash);
        Assert.NotEqual(first.Info.Hash, Next(first.Info, 1, "one").Info.Hash);
        Assert.False(RevisionIdentity.IsIntact(first with { Info = first.Info with { Author = "mallory" } }));
        Assert.False(RevisionIdentity.IsIntact(first with { Files = [first.Files[0] with { Content = "two"u8.ToArray() }] }));
        Assert.False(RevisionIdentity.IsIntact(first with { Files = [first.Files[0] with { Check = "" }] }));
        Assert.False(RevisionIdentity.IsIntact(first with { Files = [first.Files[0], first.Files[0]] }));
    }

    [Fact]
    public void An_empty_revision_is_a_revision() =>
        Assert.True(RevisionIdentity.IsIntact(RevisionIdentity.Next(null, 0, [], "import", "", Time)));

    [Fact]
    public void What_goes_on_from_the_other_wins_whatever_its_epoch()
    {
        var trunk = Trunk(null, 5, "one", "two", "three");
        Assert.Equal(MergeVerdict.Same, RevisionMerge.Compare(trunk, trunk));
        Assert.Equal(MergeVerdict.FastForward, RevisionMerge.Compare(trunk[..1], trunk));
        Assert.Equal(MergeVerdict.TheyAreBehind, RevisionMerge.Compare(trunk, trunk[..2]));
        Assert.Equal(MergeVerdict.FastForward, RevisionMerge.Compare([], trunk));
        Assert.Equal(MergeVerdict.TheyAreBehind, RevisionMerge.Compare(trunk, []));
        Assert.Equal(MergeVerdict.Same, RevisionMerge.Compare([], []));
    }

    [Fact]
    public void After_a_split_the_higher_epoch_wins_and_both_sides_agree()
    {
        var start = Trunk(null, 1, "one");
        IReadOnlyList<RevisionInfo> low = [.. start, .. Trunk(start[^1], 2, "low", "lower", "lowest")];
        IReadOnlyList<RevisionInfo> high = [.. start, .. Trunk(start[^1], 3, "high")];
        Assert.Equal(MergeVerdict.TheirsWins, RevisionMerge.Compare(low, high));
        Assert.Equal(MergeVerdict.OursWins, RevisionMerge.Compare(high, low));
    }

    [Fact]
    public void A_unit_with_factory_settings_never_overwrites_what_was_committed()
    {
        var factory = Trunk(null, 99, "factory");
        var cluster = Trunk(null, 1, "one", "two");
        Assert.Equal(MergeVerdict.TheirsWins, RevisionMerge.Compare(factory, cluster));
        Assert.Equal(MergeVerdict.OursWins, RevisionMerge.Compare(cluster, factory));
    }

    [Fact]
    public void Two_units_never_both_win_nor_both_lose()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var a = Random(random);
            var b = Random(random);
            Assert.Equal(Math.Sign(RevisionMerge.Order(a, b)), -Math.Sign(RevisionMerge.Order(b, a)));
            Assert.True(RevisionMerge.Order(a, b) != 0 || a == b);
        }

        static RevisionInfo Random(Random r) => new(r.Next(3), r.Next(3), r.Next(2) == 0 ? null : "p", r.Next(4).ToString(), "a", Time, "");
    }

    [Fact]
    public void A_commit_on_an_old_revision_is_refused_and_told_what_changed()
    {
        var first = Next(null, 1, "one");
        var second = Next(first.Info, 1, "two");
        var refusal = CommitRules.Refuse(Request("three", first.Info.Hash), second, first, Managed, []);
        Assert.Equal("the current revision is 2 by anna (two); since revision 1 it changed /etc/a", refusal?.Error);
    }

    [Theory]
    [InlineData("/etc/a", "two", "nothing changes")]
    [InlineData("/etc/c", "x", "/etc/c is not a managed file")]
    public void A_commit_is_refused_with_the_reason(string path, string content, string expected)
    {
        var head = RevisionIdentity.Next(
            null,
            1,
            [File("/etc/a", "two") with { Check = Managed[0].Check, Apply = Managed[0].Apply }],
            "anna",
            "two",
            Time
        );
        var request = new CommitRequest([File(path, content)], "", "anna", head.Info.Hash, null);
        Assert.StartsWith(expected, CommitRules.Refuse(request, head, head, Managed, [])?.Error);
    }

    [Fact]
    public void A_commit_that_is_too_large_or_says_a_file_twice_is_refused()
    {
        var large = new ManagedFile("/etc/a", new byte[CommitRules.FileLengthMaxBytes + 1], null, null, null);
        Assert.Contains(
            "larger than 8 MiB",
            CommitRules.Refuse(new CommitRequest([large], "", "anna", null, null), null, null, Managed, [])?.Error
        );
        Assert.Contains(
            "given twice",
            CommitRules
                .Refuse(new CommitRequest([File("/etc/a", "1"), File("/etc/a", "2")], "", "anna", null, null), null, null, Managed, [])
                ?.Error
        );
    }

    [Fact]
    public void A_commit_of_some_files_keeps_the_others_and_takes_the_commands_from_unit_yaml()
    {
        var head = RevisionIdentity.Next(
            null,
            1,
            [File("/etc/a", "1"), File("/etc/b", "1") with { Mode = "0600" }, File("/etc/old", "1") with { Check = "old" }],
            "anna",
            "",
            Time
        );
        var request = new CommitRequest([File("/etc/b", "2") with { Apply = "rm -rf /" }, File("/etc/old", "2")], "", "anna", null, null);
        Assert.Null(CommitRules.Refuse(request, head, head, Managed, []));
        var files = CommitRules.Content(request, head, Managed);
        Assert.Equal(
            ["/etc/a 1 check {file} ", "/etc/b 2  0600", "/etc/old 2 old "],
            files.Select(f => $"{f.Path} {Encoding.UTF8.GetString(f.Content)} {f.Check} {f.Mode}")
        );
        Assert.Null(files[1].Apply);
    }

    private static CommitRequest Request(string content, string? parent) => new([File("/etc/a", content)], content, "anna", parent, null);

    private static ManagedFile File(string path, string content) => new(path, Encoding.UTF8.GetBytes(content), null, null, null);

    private static Revision Next(RevisionInfo? parent, long epoch, string content) =>
        RevisionIdentity.Next(parent, epoch, [File("/etc/a", content)], "anna", content, Time);

    private static RevisionInfo[] Trunk(RevisionInfo? parent, long epoch, params string[] contents)
    {
        var trunk = new List<RevisionInfo>();
        foreach (var content in contents)
        {
            parent = Next(parent, epoch, content).Info;
            trunk.Add(parent);
        }

        return [.. trunk];
    }
}
