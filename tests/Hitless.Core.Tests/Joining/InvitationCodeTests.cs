using System.Net;
using Hitless.Core.Joining;
using Xunit;

namespace Hitless.Core.Tests.Joining;

public sealed class InvitationCodeTests
{
    private static readonly byte[] Fingerprint = [.. Enumerable.Range(200, InvitationCode.PartBytes).Select(i => (byte)i)];
    private static readonly byte[] Secret = [.. Enumerable.Range(3, InvitationCode.PartBytes).Select(i => (byte)(i * 29))];

    [Theory]
    [InlineData("10.10.9.1:8420")]
    [InlineData("[fd00:9::1]:8420")]
    public void A_code_says_where_and_what(string where)
    {
        var text = new InvitationCode(IPEndPoint.Parse(where), Fingerprint, Secret).ToString();
        Assert.Matches(@"^[^/]+/[0-9A-Z]{8}(-[0-9A-Z]{8}){3}$", text);
        foreach (var typed in new[] { text, text.ToLowerInvariant(), text.Replace("-", "", StringComparison.Ordinal), $" {text}\n" })
        {
            Assert.True(InvitationCode.TryParse(typed, out var code));
            Assert.Equal(
                (where, true, true),
                ($"{code.EndPoint}", code.Fingerprint.SequenceEqual(Fingerprint), code.Secret.SequenceEqual(Secret))
            );
        }
    }

    [Fact]
    public void Letters_that_look_like_digits_are_those_digits()
    {
        var zeros = new InvitationCode(
            IPEndPoint.Parse("10.0.0.1:1"),
            new byte[InvitationCode.PartBytes],
            new byte[InvitationCode.PartBytes]
        );
        Assert.True(InvitationCode.TryParse($"{zeros}".Replace("/0000", "/OoOo", StringComparison.Ordinal), out var code));
        Assert.Equal(zeros.ToString(), code.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("10.10.9.1:8420")]
    [InlineData("10.10.9.1/00000000-00000000-00000000-00000000")]
    [InlineData("10.10.9.1:0/00000000-00000000-00000000-00000000")]
    [InlineData("gw1:8420/00000000-00000000-00000000-00000000")]
    [InlineData("10.10.9.1:8420/00000000-00000000-00000000-0000000")]
    [InlineData("10.10.9.1:8420/00000000-00000000-00000000-000000000")]
    [InlineData("10.10.9.1:8420/00000000-00000000-00000000-0000000U")]
    [InlineData("10.10.9.1:8420/00000000/00000000-00000000-00000000")]
    public void What_is_no_code_is_none(string text) => Assert.False(InvitationCode.TryParse(text, out _));
}
