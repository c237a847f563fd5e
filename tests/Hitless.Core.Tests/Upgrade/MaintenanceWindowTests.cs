using System.Globalization;
using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class MaintenanceWindowTests
{
    // 2026-11-21 is a Saturday.
    [Theory]
    [InlineData("sat 02:00-04:00", "2026-11-21 02:00", "2026-11-21 04:00")]
    [InlineData("sat 02:00-04:00", "2026-11-21 03:59", "2026-11-21 04:00")]
    [InlineData("sat 02:00-04:00", "2026-11-21 04:00", null)]
    [InlineData("sat 02:00-04:00", "2026-11-21 01:59", null)]
    [InlineData("sat 02:00-04:00", "2026-11-22 03:00", null)]
    [InlineData("daily 03:00-05:00", "2026-11-22 03:00", "2026-11-22 05:00")]
    [InlineData("mon-fri 22:30-01:00", "2026-11-20 23:00", "2026-11-21 01:00")] // Friday
    [InlineData("mon-fri 22:30-01:00", "2026-11-21 00:30", "2026-11-21 01:00")] // began on Friday
    [InlineData("mon-fri 22:30-01:00", "2026-11-21 23:00", null)]
    [InlineData("mon-fri 22:30-01:00", "2026-11-23 00:30", null)] // Sunday has none
    [InlineData("sat 12:00-12:00", "2026-11-22 11:59", "2026-11-22 12:00")]
    [InlineData("fri-mon,wed 00:00-23:59", "2026-11-22 12:00", "2026-11-22 23:59")]
    [InlineData("fri-mon,wed 00:00-23:59", "2026-11-24 12:00", null)]
    public void A_window_is_open_from_its_begin_to_its_end(string text, string at, string? until)
    {
        Assert.True(MaintenanceWindow.TryParse(text, out var window));
        Assert.Equal(until is null ? null : Local(until), MaintenanceWindow.OpenUntil([window], Local(at)));
    }

    [Theory]
    [InlineData("2026-11-21 01:00", "2026-11-21 02:00")]
    [InlineData("2026-11-21 02:00", "2026-11-25 22:00")]
    [InlineData("2026-11-25 22:00", "2026-11-28 02:00")]
    public void The_next_one_begins_after_now(string at, string next)
    {
        Assert.True(MaintenanceWindow.TryParse("sat 02:00-04:00", out var saturday));
        Assert.True(MaintenanceWindow.TryParse("wed 22:00-23:00", out var wednesday));
        Assert.Equal(Local(next), MaintenanceWindow.NextBegin([saturday, wednesday], Local(at)));
        Assert.Null(MaintenanceWindow.NextBegin([], Local(at)));
    }

    [Theory]
    [InlineData("sat")]
    [InlineData("sat 2:00-4:00")]
    [InlineData("sat 02:00-24:00")]
    [InlineData("Samstag 02:00-04:00")]
    [InlineData("sat-sun-mon 02:00-04:00")]
    [InlineData("sat, sun 02:00-04:00")]
    [InlineData("")]
    public void What_is_no_window_is_refused(string text) => Assert.False(MaintenanceWindow.TryParse(text, out _));

    private static DateTime Local(string text) => DateTime.ParseExact(text, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
