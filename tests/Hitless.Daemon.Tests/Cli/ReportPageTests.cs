using System.Text.Json;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Daemon.Tests.Api;
using Hitless.Firmware.Signing;
using Xunit;

namespace Hitless.Daemon.Tests.Cli;

public sealed class ReportPageTests
{
    private static readonly ClusterKey Key = new(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());

    [Fact]
    public void A_signed_report_is_verified_from_its_page_and_from_its_JSON_with_the_public_key_alone()
    {
        using var seal = new ReportSeal(Key);
        var report = seal.Sign(Samples.RunReport(RunState.Completed));
        foreach (var text in (string[])[ReportPage.Write(report), JsonSerializer.Serialize(report, CliJson.Api.RunReport)])
        {
            Assert.Null(ReportSeal.Refuse(ReportPage.Read(text)!, seal.PublicKey));
        }
    }

    [Theory]
    [InlineData("down & <out>", "<td>down &amp; &lt;out&gt;</td>")]
    [InlineData(null, "<td>not there</td>")]
    [InlineData("", "<td>there</td>")]
    public void What_has_changed_stands_on_the_page_as_text_and_so_does_what_was_not_compared(string? after, string cell)
    {
        var changes = new ReportChanges([new("gw2", "command ospf", "up", after, Expected: false, null)], 0, ["gw1: <silent>"]);
        var page = ReportPage.Write(Samples.RunReport(RunState.Completed) with { Changes = changes });
        var shown = page[..page.IndexOf("<script", StringComparison.Ordinal)];
        Assert.Contains(cell, shown, StringComparison.Ordinal);
        Assert.Contains("gw1: &lt;silent&gt;", shown, StringComparison.Ordinal);
        Assert.Contains("1 unexpected difference, 0 expected", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_that_was_changed_or_comes_from_another_cluster_is_refused()
    {
        using var seal = new ReportSeal(Key);
        using var other = new ReportSeal(new ClusterKey(new byte[32]));
        var report = seal.Sign(Samples.RunReport(RunState.RolledBack));
        Assert.Equal(
            "the report does not say what was signed",
            ReportSeal.Refuse(report with { Verdict = RunState.Completed }, seal.PublicKey)
        );
        Assert.Equal("the report is signed by another cluster", ReportSeal.Refuse(report, other.PublicKey));
        Assert.Equal("the report is not signed", ReportSeal.Refuse(report with { Signature = null }, seal.PublicKey));
        var forged = other.Sign(report) is { Signature: { } signature } wrong
            ? wrong with
            {
                Signature = signature with { Key = seal.PublicKey },
            }
            : report;
        Assert.Equal("the signature does not fit the report", ReportSeal.Refuse(forged, seal.PublicKey));
    }

    [Fact]
    public void A_page_shows_what_a_report_says_and_no_markup_of_it()
    {
        var page = ReportPage.Write(Samples.RunReport(RunState.RolledBack) with { Reason = "<script>alert(1)</script>" });
        Assert.Contains("&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert(1)", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
    }
}
