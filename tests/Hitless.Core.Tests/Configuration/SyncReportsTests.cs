using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

public sealed class SyncReportsTests
{
    private static readonly DateTimeOffset Time = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RevisionInfo First = RevisionIdentity.Next(null, 1, [], "import", "", Time).Info;
    private static readonly RevisionInfo Second = RevisionIdentity.Next(First, 1, [], "anna", "", Time).Info;
    private static readonly UnitConfiguration Primary = new("gw1", Second, null, [First, Second], [], [], null);

    [Fact]
    public void Units_with_the_primarys_head_and_files_are_in_sync()
    {
        var report = Make(Primary, Primary with { Unit = "gw2" });
        Assert.True(report.InSync);
        Assert.Equal(2, report.Revision);
        Assert.All(report.Units, u => Assert.Null(u.Why));
    }

    [Fact]
    public void What_is_out_of_sync_says_why_and_what_to_do()
    {
        var other = RevisionIdentity.Next(First, 0, [], "bert", "", Time).Info;
        var report = Make(
            Primary,
            Primary with
            {
                Unit = "gw2",
                Head = First,
                Trunk = [First],
                Failure = "check of /etc/a failed",
            },
            Primary with
            {
                Unit = "gw3",
                Items = [new("/etc/a", FileSyncState.Drifted, null), new("/etc/b", FileSyncState.Missing, null)],
            },
            Primary with
            {
                Unit = "gw4",
                Head = other,
                Trunk = [First, other],
            },
            null
        );
        Assert.False(report.InSync);
        Assert.Equal(
            [
                null,
                "it holds revision 1, the cluster revision 2; following failed: check of /etc/a failed",
                "/etc/a drifted and 1 more",
                "it holds revision 2 of epoch 1 by bert, which is not in the cluster's history",
                "the unit does not answer",
            ],
            report
                .Units.Select(u => u.Why)
                .Select(w => w?.Replace(", which wins over the primary's", ", which is not in the cluster's history"))
        );
        Assert.All(report.Units.Skip(1), u => Assert.NotNull(u.Remedy));
    }

    [Fact]
    public void Since_stays_while_the_state_stays()
    {
        var before = SyncReports.Make("edge", Primary, [("gw1", Primary), ("gw2", null)], null, Time);
        var later = SyncReports.Make("edge", Primary, [("gw1", Primary), ("gw2", null), ("gw3", null)], before, Time.AddMinutes(1));
        Assert.Equal([Time, Time, Time.AddMinutes(1)], later.Units.Select(u => u.Since));
    }

    private static SyncReport Make(params UnitConfiguration?[] facts) =>
        SyncReports.Make("edge", Primary, facts.Select((f, i) => (f?.Unit ?? $"gw{i + 1}", f)), null, Time);
}
