using Hitless.Lab.Matrix;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Matrix;

public sealed class MatrixCellTests
{
    [Fact]
    public void Every_cell_is_read_back_from_what_the_list_prints() =>
        Assert.All(MatrixCell.All, cell => Assert.Equal(cell, MatrixCell.Parse($"{cell}")));

    [Theory]
    [InlineData("switchover:route-lost-primary", false, false)]
    [InlineData("trial.2+:interface-anew-primary", false, true)]
    [InlineData("install:disk-full-kill-standby", true, false)]
    [InlineData("rejoin:disk-full-off-primary", true, true)]
    public void A_fault_says_what_it_takes(string text, bool fillsDisk, bool stopsPrimary)
    {
        var cell = MatrixCell.Parse(text);
        Assert.Equal((fillsDisk, stopsPrimary), (cell.FillsDisk, cell.StopsPrimary));
    }

    [Theory]
    [InlineData("switchover:route-lost")]
    [InlineData("switchover.2:kill-primary")]
    [InlineData("image:sysctl-reset-primary")]
    public void What_is_no_cell_is_refused(string text) => Assert.Throws<LabException>(() => MatrixCell.Parse(text));
}
