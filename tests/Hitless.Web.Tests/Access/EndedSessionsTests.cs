using Hitless.Core.Web;
using Hitless.Web.Access;
using Xunit;

namespace Hitless.Web.Tests.Access;

public sealed class EndedSessionsTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("hitless-ended").FullName;

    private string File => Path.Combine(_folder, "ended-sessions");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("11111111-1111-1111-1111-111111111111 9223372036854775807")]
    [InlineData("11111111-1111-1111-1111-111111111111 -5\n\0\u00ff")]
    public void A_damaged_file_ends_nobody_and_keeps_nothing_from_starting(string content)
    {
        System.IO.File.WriteAllText(File, content);
        var ended = new EndedSessions(_folder, Now);
        var ticket = Ticket();
        Assert.False(ended.Contains(ticket));
        ended.Add(ticket);
        Assert.True(new EndedSessions(_folder, Now.AddHours(1)).Contains(ticket));
        Assert.False(new EndedSessions(_folder, Now.AddHours(13)).Contains(ticket));
    }

    [Fact]
    public void A_log_out_that_cannot_be_written_down_counts_until_the_next_start()
    {
        Directory.CreateDirectory(File);
        var ended = new EndedSessions(_folder, Now);
        var ticket = Ticket();
        ended.Add(ticket);
        Assert.True(ended.Contains(ticket));
    }

    private static SessionTicket Ticket() => new("admin", 1, Guid.NewGuid(), Now);
}
