using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>A peer that has the key and is in other hands: what it wants written, or run, beyond what the unit lists is refused.</summary>
public sealed class ManagedListTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/root/.ssh/authorized_keys", null, null, "is not listed under configuration.files")]
    [InlineData("/root/.ssh/authorized_keys", null, "touch $root/run-by-peer", "is not listed under configuration.files")]
    [InlineData(Bench.B, null, "touch $root/run-by-peer", "are not those that configuration.files lists")]
    [InlineData(Bench.B, "touch $root/run-by-peer", null, "are not those that configuration.files lists")]
    [InlineData(Bench.A, "! grep -q bad {file}", "cat {file} > {file}.applied; touch $root/run-by-peer", "are not those")]
    public async Task What_is_not_listed_is_neither_written_nor_run_in_any_phase_and_by_no_way(
        string path,
        string? check,
        string? apply,
        string expected
    )
    {
        using var bench = new Bench();
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "one"));
        await gw1.BecomePrimary();
        Assert.True((await gw2.SyncFrom("gw1")).Ok);
        var forged = Forge(
            gw1,
            new ManagedFile(path, "forged"u8.ToArray(), Fill(check, gw2), Fill(apply, gw2), null, Verify: Fill(check, gw2))
        );
        foreach (var phase in Enum.GetValues<CommitPhase>())
        {
            var answer = await gw2.Service.Local.AnswerAsync(phase, forged, Cancel);
            Assert.True(!answer.Ok || phase == CommitPhase.TakeBack, $"{phase}");
            Assert.True(phase is CommitPhase.Finish or CommitPhase.TakeBack || answer.Why!.Contains(expected, StringComparison.Ordinal));
        }

        var followed = await gw2.Service.Local.AcceptAsync([.. (await gw1.History()).Revisions.Reverse(), forged.Info], [forged], Cancel);
        Assert.False(followed.Ok);
        Assert.Contains(expected, followed.Why, StringComparison.Ordinal);
        Assert.Equal((1, null), (gw2.Service.Current!.Number, gw2.Disk("/run-by-peer")));
        Assert.Equal("one", gw2.Disk(Bench.A));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    public async Task A_phase_that_there_is_not_is_refused(int phase)
    {
        using var bench = new Bench();
        var gw1 = bench.Add("gw1", "one");
        await gw1.BecomePrimary();
        var next = Forge(gw1, new ManagedFile(Bench.A, "two"u8.ToArray(), null, null, null));
        Assert.False((await gw1.Service.Local.AnswerAsync((CommitPhase)phase, next, Cancel)).Ok);
        Assert.Equal("one", gw1.Disk(Bench.A));
    }

    [Fact]
    public async Task What_is_no_revision_is_refused()
    {
        using var bench = new Bench();
        var gw1 = bench.Add("gw1", "one");
        await gw1.BecomePrimary();
        var whole = Forge(gw1, new ManagedFile(Bench.B, "two"u8.ToArray(), null, null, null));
        foreach (var phase in Enum.GetValues<CommitPhase>())
        {
            foreach (
                var broken in (Revision?[])
                    [
                        null,
                        new Revision(null!, null!),
                        whole with
                        {
                            Files = null!,
                        },
                        whole with
                        {
                            Files = [null!],
                        },
                        whole with
                        {
                            Info = whole.Info with { Epoch = long.MaxValue },
                        },
                        whole with
                        {
                            Info = whole.Info with { Hash = null! },
                        },
                    ]
            )
            {
                Assert.False((await gw1.Service.Local.AnswerAsync(phase, broken!, Cancel)).Ok);
            }
        }

        Assert.Equal(1, gw1.Service.Current!.Number);
    }

    private static Revision Forge(BenchUnit from, ManagedFile file) =>
        RevisionIdentity.Next(from.Service.Current, 1, [file], "mallory", "forged", DateTimeOffset.UnixEpoch);

    private static string? Fill(string? command, BenchUnit unit) => command?.Replace("$root", unit.Root, StringComparison.Ordinal);
}
