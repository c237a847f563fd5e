using System.Security.Cryptography;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Core.Tests.Web;

public sealed class SessionTicketTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(WebSecrets.KeyBytes);
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly SessionTicket Ticket = new("ada", 42, Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), Noon);

    [Fact]
    public void A_ticket_is_what_was_sealed_until_its_time_is_over()
    {
        var sealedTicket = Ticket.Seal(Key);
        Assert.Equal(Ticket, SessionTicket.Open(sealedTicket, Key, Noon));
        Assert.Equal(Ticket, SessionTicket.Open(sealedTicket, Key, Noon + SessionTicket.Lifetime - TimeSpan.FromSeconds(1)));
        Assert.Null(SessionTicket.Open(sealedTicket, Key, Noon + SessionTicket.Lifetime));
        Assert.Null(SessionTicket.Open(sealedTicket, Key, Noon.AddHours(-1)));
    }

    [Fact]
    public void A_ticket_of_another_key_or_with_any_bit_changed_is_none()
    {
        Assert.Null(SessionTicket.Open(Ticket.Seal(Key), RandomNumberGenerator.GetBytes(WebSecrets.KeyBytes), Noon));
        var text = Ticket.Seal(Key);
        for (var at = 0; at < text.Length - 1; at++)
        {
            var changed = text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..];
            Assert.Null(SessionTicket.Open(changed, Key, Noon));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("not base64url!")]
    [InlineData("AQ==")]
    public void Any_other_text_is_none(string text) => Assert.Null(SessionTicket.Open(text, Key, Noon));

    [Fact]
    public void A_very_long_text_is_not_even_decoded() => Assert.Null(SessionTicket.Open(new string('A', 10_000_000), Key, Noon));
}
