using System.Net;
using Hitless.Daemon.Health;
using Xunit;

namespace Hitless.Daemon.Tests.Health;

public sealed class EchoQuestionTests
{
    private const int Ipv4Header = 20;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_kernel_that_is_there_answers(string address)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "raw sockets need root");
        Assert.True(await EchoQuestion.AskAsync(IPAddress.Parse(address), TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    /// <summary>Nobody is scheduled for so short a wait: what is in the socket at its end decides.</summary>
    [Fact]
    public async Task An_answer_that_came_in_time_counts_although_it_is_read_late()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "raw sockets need root");
        for (var i = 0; i < 20; i++)
        {
            Assert.True(await EchoQuestion.AskAsync(IPAddress.Loopback, TimeSpan.Zero, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_the_answer_to_this_question_counts(bool ipv6)
    {
        var question = EchoQuestion.Question(ipv6);
        byte[] answer = [.. ipv6 ? [] : new byte[Ipv4Header], .. question];
        var header = ipv6 ? 0 : Ipv4Header;
        answer[0] = ipv6 ? answer[0] : (byte)0x45;
        Assert.False(EchoQuestion.IsAnswer(answer, question, ipv6), "the question itself, as it is heard on lo");

        answer[header] = (byte)(ipv6 ? 129 : 0);
        Assert.True(EchoQuestion.IsAnswer(answer, question, ipv6));
        for (var length = 0; length < answer.Length; length++)
        {
            Assert.False(EchoQuestion.IsAnswer(answer.AsSpan(0, length), question, ipv6));
        }

        answer[^1] ^= 1;
        Assert.False(EchoQuestion.IsAnswer(answer, question, ipv6));
    }
}
