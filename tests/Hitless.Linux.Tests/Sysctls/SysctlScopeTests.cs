using Hitless.Linux.Namespaces;
using Hitless.Linux.Sysctls;

namespace Hitless.Linux.Tests.Sysctls;

public sealed class SysctlScopeTests
{
    private const string Name = "net/ipv4/conf/lan0/rp_filter";

    [Fact]
    public void A_successor_puts_back_what_stood_before_the_first_process()
    {
        using var units = new TwoUnits();
        var file = Path.Combine(Path.GetTempPath(), $"{units.A}.sysctls-test");
        NetworkNamespace.Run(units.A, () =>
        {
            var before = File.ReadAllText($"/proc/sys/{Name}");
            Assert.Null(new SysctlScope(file).Set(Name, "2"));

            var successor = new SysctlScope(file);
            Assert.Null(successor.Set(Name, "0"));
            Assert.Equal(before.Trim(), successor.Before[Name]);
            Assert.Equal([], successor.Restore());

            Assert.Equal(before, File.ReadAllText($"/proc/sys/{Name}"));
            Assert.False(File.Exists(file));
        });
    }

    [Fact]
    public void One_value_is_put_back_and_the_others_stay()
    {
        using var units = new TwoUnits();
        var file = Path.Combine(Path.GetTempPath(), $"{units.A}.sysctls-test");
        NetworkNamespace.Run(units.A, () =>
        {
            var scope = new SysctlScope(file);
            Assert.Null(scope.Set(Name, "2"));
            Assert.Null(GatewaySysctls.TakeAnyWindow(scope));
            Assert.Equal("1", Liberal());
            Assert.Null(GatewaySysctls.TakeOwnWindow(scope));
            Assert.Equal("0", Liberal());
            Assert.Null(GatewaySysctls.TakeOwnWindow(scope));

            Assert.Equal("2", File.ReadAllText($"/proc/sys/{Name}").Trim());
            Assert.Equal([Name], new SysctlScope(file).Before.Keys);
            File.Delete(file);
        });

        static string Liberal() => File.ReadAllText("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal").Trim();
    }

    [Fact]
    public void A_disk_that_takes_no_writes_keeps_no_value_from_being_set_and_put_back()
    {
        using var units = new TwoUnits();
        NetworkNamespace.Run(units.A, () =>
        {
            var before = File.ReadAllText($"/proc/sys/{Name}");
            var scope = new SysctlScope("/proc/absent/sysctls");
            Assert.Null(scope.Set(Name, "2"));
            Assert.True(scope.Unsaved);
            Assert.Equal("2", File.ReadAllText($"/proc/sys/{Name}").Trim());

            Assert.Null(scope.Restore(Name));
            Assert.Equal(before, File.ReadAllText($"/proc/sys/{Name}"));
            Assert.Null(scope.Set(Name, "2"));
            Assert.Equal([], scope.Restore());
            Assert.Equal(before, File.ReadAllText($"/proc/sys/{Name}"));
        });
    }

    [Fact]
    public void A_value_that_cannot_be_set_is_named_and_changes_nothing()
    {
        var file = Path.Combine(Path.GetTempPath(), $"hitless-{Guid.NewGuid():n}.sysctls");
        var scope = new SysctlScope(file);

        Assert.Contains("net/ipv4/conf/absent0/rp_filter", scope.Set("net/ipv4/conf/absent0/rp_filter", "1"), StringComparison.Ordinal);
        Assert.Empty(scope.Before);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void A_damaged_file_leads_nowhere_else()
    {
        var file = Path.GetTempFileName();
        File.WriteAllLines(file, ["net/../kernel/panic 1", "kernel/panic 1", "nonsense", ""]);

        Assert.Empty(new SysctlScope(file).Before);
        File.Delete(file);
    }
}
