using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class AptOfferTests
{
    [Fact]
    public void What_apt_would_do_is_read_from_its_simulation()
    {
        var offer = AptOffer.Read(
            """
            Reading package lists...
            The following packages will be upgraded:
              libssl3 openssl
            Inst openssl [3.0.11-1] (3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64]) []
            Inst libssl3:i386 [3.0.11-1] (3.0.17-1~deb12u3 Debian:12.13/stable [i386])
            Inst linux-image-6.1.0-41-amd64 (6.1.158-1 Debian:12.13/stable [amd64])
            Inst hitless [1.0.0] (1.1.0 local [amd64])
            Conf openssl (3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64])
            Remv oldlib [1.0]
            """.Split('\n'),
            "hitless"
        );

        Assert.Equal(
            [
                new("libssl3:i386", "3.0.11-1", "3.0.17-1~deb12u3"),
                new("linux-image-6.1.0-41-amd64", null, "6.1.158-1"),
                new("openssl", "3.0.11-1", "3.0.17-1~deb12u3"),
            ],
            offer.Changes
        );
        Assert.Equal(["oldlib"], offer.Removed);
        Assert.True(offer.NeedsReboot);
    }

    [Theory]
    [InlineData("Inst tzdata [2025a] (2025b Debian:12/stable [all])", false)]
    [InlineData("Inst libc6 [2.36-9] (2.36-10 Debian:12/stable [amd64])", true)]
    [InlineData("Inst libc6-dev [2.36-9] (2.36-10 Debian:12/stable [amd64])", false)]
    [InlineData("Inst systemd [252.1] (252.2 Debian:12/stable [amd64])", true)]
    public void What_runs_on_until_a_reboot_needs_one(string line, bool reboot) => Assert.Equal(reboot, AptOffer.Read([line]).NeedsReboot);

    [Theory]
    [InlineData("Inst $(reboot) [1] (2 x [all])")]
    [InlineData("Inst good [1;rm] (2 x [all])")]
    [InlineData("Inst good [1] (`2` x [all])")]
    [InlineData("Inst")]
    [InlineData("Inst a [] () b")]
    [InlineData("Remv '../x'")]
    public void What_a_shell_would_take_for_more_than_a_name_is_skipped(string line)
    {
        var offer = AptOffer.Read([line]);
        Assert.Empty(offer.Changes);
        Assert.Empty(offer.Removed);
    }
}
