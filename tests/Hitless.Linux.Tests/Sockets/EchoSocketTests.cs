using System.Net;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Linux.Tests.Sockets;

public sealed class EchoSocketTests
{
    private static readonly byte[] Cookie = [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_kernel_answers_each_question_and_nothing_is_allocated(string address)
    {
        var local = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse(address), 0));
        using var poller = new Poller();
        using var socket = new EchoSocket(local, "lo");
        using var other = new EchoSocket(local, "lo");
        poller.Add(socket.Handle, 3);
        var round = 0u;
        Allocation.AssertNone(() =>
        {
            Span<int> ready = stackalloc int[4];
            round++;
            var errno = socket.Ask(local, round + 70_000);
            var count = poller.Wait(TimeSpan.FromSeconds(5), ready);
            var budget = 8;
            var received = socket.TryReceive(ref budget, out var question, out var from);
            if (
                errno != 0
                || count != 1
                || !received
                || question != round + 70_000
                || from != local
                || other.TryReceive(ref budget, out _, out _)
            )
            {
                Assert.Fail($"errno {errno}, {count} ready, received {received}: {question} from {from}");
            }
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_no_answer_to_us_is_passed_over(bool ipv6)
    {
        byte[] header = ipv6 ? [] : [0x45, .. new byte[19]];
        byte[] answer = [.. header, (byte)(ipv6 ? 129 : 0), 0, 0, 0, 1, 2, 0, 9, .. Cookie, 0, 0, 0, 9];
        Assert.True(EchoSocket.TryRead(answer, ipv6, Cookie, out var question));
        Assert.Equal(9u, question);

        byte[] stranger = [.. answer];
        stranger[header.Length + 8] ^= 1;
        Assert.False(EchoSocket.TryRead(stranger, ipv6, Cookie, out _));
        for (var length = 0; length < answer.Length; length++)
        {
            Assert.False(EchoSocket.TryRead(answer.AsSpan(0, length), ipv6, Cookie, out _));
        }

        var random = new Random(7);
        for (var round = 0; round < 100_000; round++)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            Assert.False(EchoSocket.TryRead(bytes, ipv6, Cookie, out _));
        }
    }
}
