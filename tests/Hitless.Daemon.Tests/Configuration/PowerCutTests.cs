using Hitless.Core.Api;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>
/// The power goes at every file operation of the store and of the managed files, one after the other: each write is "temporary begun",
/// "temporary complete", "renamed".
/// </summary>
public sealed class PowerCutTests
{
    private const int OperationsMax = 60;

    [Fact]
    public async Task A_commit_that_is_cut_off_anywhere_leaves_the_old_or_the_new_revision_and_an_acknowledged_one_stays()
    {
        var (acknowledged, lost) = (0, 0);
        for (var cutAfter = 0; cutAfter < OperationsMax; cutAfter++)
        {
            using var bench = new Bench();
            var unit = bench.Add("gw1", "one");
            await unit.BecomePrimary();
            unit.Stop();
            var power = new Power(cutAfter);
            unit.Start(power.Write, power.WriteManagedAsync);
            var committed = await Survive(async () => Assert.Null((await CommitBothAsync(unit, "two")).Refusal));

            unit.Stop();
            unit.Start();
            Assert.True(unit.Service.Current?.Number is 1 or 2);
            Assert.Empty(new RevisionStore(unit.State + "/configuration").Problems);
            Assert.True(!committed || unit.Service.Current.Number == 2);
            await unit.BecomePrimary(2);
            Assert.Equal(unit.Service.Current.Number == 2 ? ("two", "two") : ("one", null), (unit.Disk(Bench.A), unit.Disk(Bench.B)));
            Assert.Equal(unit.Disk(Bench.A), unit.Disk(Bench.A + ".applied") ?? "one");
            (acknowledged, lost) = committed ? (acknowledged + 1, lost) : (acknowledged, lost + 1);
            if (power.Operations <= cutAfter)
            {
                break;
            }
        }

        Assert.Equal(1, acknowledged);
        Assert.InRange(lost, 17, OperationsMax - 2);
    }

    [Fact]
    public async Task A_commit_that_fails_and_is_cut_off_anywhere_while_it_is_taken_back_leaves_every_file_as_it_was()
    {
        for (var cutAfter = 0; cutAfter < OperationsMax; cutAfter++)
        {
            using var bench = new Bench { Listed = [new(Bench.A, null, "! grep -q two {file}"), new(Bench.B, null, null)] };
            var unit = bench.Add("gw1", "one", "one");
            await unit.BecomePrimary();
            unit.Stop();
            var power = new Power(cutAfter);
            unit.Start(power.Write, power.WriteManagedAsync);
            await Survive(async () => Assert.NotNull((await CommitBothAsync(unit, "two")).Refusal));
            unit.Stop();
            unit.Start();
            await unit.BecomePrimary(2);
            Assert.Equal((1, "one", "one"), (unit.Service.Current?.Number, unit.Disk(Bench.A), unit.Disk(Bench.B)));
            if (power.Operations <= cutAfter)
            {
                return;
            }
        }

        Assert.Fail("taking back takes more file operations than expected");
    }

    [Fact]
    public async Task A_standby_that_is_cut_off_anywhere_while_it_follows_can_follow_again()
    {
        for (var cutAfter = 0; cutAfter < OperationsMax; cutAfter++)
        {
            using var bench = new Bench();
            var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "edited by hand"));
            await gw1.BecomePrimary();
            gw2.Cut = true;
            Assert.Null((await gw1.Commit(Bench.B, "b")).Refusal);
            gw2.Cut = false;
            gw2.Stop();
            var power = new Power(cutAfter);
            await Survive(async () =>
            {
                gw2.Start(power.Write, power.WriteManagedAsync);
                await gw2.SyncFrom("gw1");
            });
            gw2.Stop();
            gw2.Start();
            Assert.Equal(new UnitAnswer("gw2", true, null, null), await gw2.SyncFrom("gw1"));
            Assert.Equal(gw1.Service.Current, gw2.Service.Current);
            Assert.Equal(("one", "b", "one"), (gw2.Disk(Bench.A), gw2.Disk(Bench.B), gw2.Disk(Bench.A + ".applied")));
            if (power.Operations <= cutAfter)
            {
                return;
            }
        }

        Assert.Fail("following takes more file operations than expected");
    }

    [Fact]
    public void A_damaged_head_or_revision_is_reported_and_the_best_intact_one_is_taken()
    {
        using var bench = new Bench();
        var unit = bench.Add("gw1", "one");
        var folder = unit.State + "/configuration";
        var store = new RevisionStore(folder);
        var first = Core.Configuration.RevisionIdentity.Next(null, 1, [], "import", "", DateTimeOffset.UnixEpoch);
        var second = Core.Configuration.RevisionIdentity.Next(first.Info, 1, [], "anna", "", DateTimeOffset.UnixEpoch);
        store.Add(first);
        store.Add(second);
        store.SetHead(second.Info, []);
        File.WriteAllText(folder + "/head.json", "{ not json");
        Assert.Equal(second.Info, new RevisionStore(folder).Head);
        File.WriteAllText(folder + $"/revisions/2-{second.Info.Hash}.json", "{}");
        var damaged = new RevisionStore(folder);
        Assert.Equal(first.Info, damaged.Head);
        Assert.Equal(2, damaged.Problems.Count);
    }

    private static Task<CommitOutcome> CommitBothAsync(BenchUnit unit, string content) =>
        unit.Service.CommitAsync(
            new CommitRequest(
                [
                    .. new[] { Bench.A, Bench.B }.Select(path => new ManagedFile(
                        path,
                        System.Text.Encoding.UTF8.GetBytes(content),
                        null,
                        null,
                        null
                    )),
                ],
                "both",
                "anna",
                null,
                null
            ),
            1,
            unit,
            TestContext.Current.CancellationToken
        );

    private static async Task<bool> Survive(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (PowerCutException)
        {
            return false;
        }
    }

    private sealed class PowerCutException : Exception;

    private sealed class Power(int cutAfter)
    {
        public int Operations { get; private set; }

        public void Write(string path, byte[] content)
        {
            Next();
            File.WriteAllBytes(path + ".new", content[..(content.Length / 2)]);
            Next();
            File.WriteAllBytes(path + ".new", content);
            Next();
            File.Move(path + ".new", path, overwrite: true);
            Next();
        }

        public Task WriteManagedAsync(FileBefore wanted, TimeSpan timeMax)
        {
            Write(wanted.Path, wanted.Content!);
            return Task.CompletedTask;
        }

        private void Next()
        {
            if (Operations++ >= cutAfter)
            {
                throw new PowerCutException();
            }
        }
    }
}
