using System.Text;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Core.Tests.Web;

public sealed class TotpCodeTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    // RFC 6238, appendix B: the rows of SHA-1.
    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void Codes_are_those_of_the_rfc(long seconds, string code) => Assert.Equal(code, TotpCode.At(Secret, seconds / 30, digits: 8));

    // RFC 4226, appendix D.
    [Theory]
    [InlineData(0, "755224")]
    [InlineData(1, "287082")]
    [InlineData(5, "254676")]
    [InlineData(9, "520489")]
    public void Six_digits_are_those_of_hotp(long step, string code) => Assert.Equal(code, TotpCode.At(Secret, step));

    // RFC 4648, section 10.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Base32_is_that_of_the_rfc(string text, string base32) =>
        Assert.Equal(base32, TotpCode.Base32(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void A_code_is_taken_one_step_early_or_late(int steps, bool taken)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(2_000_000_010);
        var step = (now.ToUnixTimeSeconds() / 30) + steps;
        Assert.Equal(taken ? step : null, TotpCode.StepOf(Secret, TotpCode.At(Secret, step), now));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000")]
    [InlineData("0000000")]
    [InlineData("abcdef")]
    [InlineData("٣٣٣٣٣٣")]
    public void What_is_no_code_is_none(string code) => Assert.Null(TotpCode.StepOf(Secret, code, DateTimeOffset.UnixEpoch.AddDays(1)));

    [Fact]
    public void A_recovery_code_is_found_however_it_is_written_and_only_its_hash_is_kept()
    {
        var text = SecondFactor.RecoveryText(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 });
        Assert.Matches("^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$", text);
        var factor = new SecondFactor(Secret, [SecondFactor.Hash(text)]);
        var now = DateTimeOffset.UnixEpoch.AddDays(1);
        var use = factor.Use(text, now);
        Assert.NotNull(use);
        Assert.Equal(use, factor.Use($" {text.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant()} ", now));
        Assert.Null(factor.Use(text[..^1] + (text[^1] == 'A' ? 'B' : 'A'), now));
        Assert.Null(factor.Use("", now));
    }

    [Fact]
    public void An_authenticator_gets_the_secret_in_base32() =>
        Assert.Equal(
            "otpauth://totp/Hitless%20edge:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Hitless%20edge",
            TotpCode.Uri("edge", "ada", Secret)
        );
}
