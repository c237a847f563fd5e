using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Notices;
using Xunit;

namespace Hitless.Core.Tests.Notices;

public sealed class SyslogLineTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 30, 11, 0, 0, 123, TimeSpan.FromHours(1));

    [Fact]
    public void It_is_what_rfc_5424_wants() =>
        Assert.Equal(
            "<29>1 2026-11-30T10:00:00.123Z gw1 hitless - role [hitless@32473 cluster=\"edge\" number=\"12\" epoch=\"4\"] gw1 is primary",
            Text(new ClusterEvent(12, Time, "gw1", EventKinds.Role, "gw1 is primary", 4), "edge")
        );

    [Theory]
    [InlineData(EventKinds.Problem, "<28>")]
    [InlineData(EventKinds.Health, "<28>")]
    [InlineData(EventKinds.Upgrade, "<29>")]
    [InlineData(EventKinds.Sessions, "<30>")]
    public void What_somebody_should_look_at_is_a_warning(string kind, string priority) =>
        Assert.StartsWith(priority, Text(new ClusterEvent(1, Time, "gw1", kind, "x", null), "edge"), StringComparison.Ordinal);

    [Fact]
    public void What_would_break_the_line_does_not()
    {
        var text = Text(new ClusterEvent(1, Time, "g w\n1", "k", "one\ntwo\u0000three", null), "e\"d]g\\e");
        Assert.Contains(" gw1 hitless - k [hitless@32473 cluster=\"e\\\"d\\]g\\\\e\" number=\"1\"] one two three", text);
        Assert.DoesNotContain('\n', text);
    }

    [Theory]
    [InlineData("ä")]
    [InlineData("x")]
    [InlineData("🛰")]
    public void A_long_text_is_cut_between_characters(string letter)
    {
        var bytes = SyslogLine.Of(new ClusterEvent(1, Time, "gw1", "k", string.Concat(Enumerable.Repeat(letter, 3000)), null), "edge");
        Assert.InRange(bytes.Length, 2040, 2048);
        Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Waits_grow_from_a_second_to_five_minutes()
    {
        var backoff = new Backoff();
        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], Enumerable.Range(0, 11).Select(_ => (int)backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(1, backoff.Next().TotalSeconds);
    }

    // RFC 4231, test case 2.
    [Fact]
    public void The_signature_is_hmac_sha_256() =>
        Assert.Equal(
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            WebhookBody.Sign("what do ya want for nothing?"u8, "Jefe"u8)
        );

    private static string Text(ClusterEvent told, string cluster) => Encoding.UTF8.GetString(SyslogLine.Of(told, cluster));
}
