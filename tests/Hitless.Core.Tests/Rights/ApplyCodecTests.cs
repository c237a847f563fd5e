using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Rights;

public sealed class ApplyCodecTests
{
    private const int Seed = 20261130;
    private const int Rounds = 200_000;
    private static readonly RoleChange Change = new(ServiceRole.Fault, -1, "wan0 is down");
    private static readonly byte[] Large = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];

    public static TheoryData<ApplyRequest> Requests =>
        [
            new ApplyRequest.Ping(),
            new ApplyRequest.ReadFile("/etc/nftables.conf"),
            new ApplyRequest.WriteFile("/etc/ä", [], "0640", "frr:frr"),
            new ApplyRequest.WriteFile("/etc/b", Large, null, null),
            new ApplyRequest.DeleteFile(""),
            new ApplyRequest.RunFileCommand(
                new FileCommand(FileCommandKind.Verify, "/etc/b", "nft -c -f {file}"),
                TimeSpan.FromMilliseconds(1500)
            ),
            new ApplyRequest.RunFileCommand(new FileCommand(FileCommandKind.Check, "/etc/b", "true", Large, "0600"), TimeSpan.Zero),
            new ApplyRequest.Propose([1, 2, 3]),
            new ApplyRequest.RunRoleTask(new RoleTask.Hook(ServiceRoleWord.Fault, "logger it's"), Change),
            new ApplyRequest.RunRoleTask(new RoleTask.Systemctl("start", ["a.service", "b.timer"]), Change),
            new ApplyRequest.RunRoleTask(new RoleTask.Systemctl("stop", []), Change),
            new ApplyRequest.RunProbe("test -e /run/ready", TimeSpan.FromSeconds(5)),
            new ApplyRequest.Convert(new string('a', 64), null),
            new ApplyRequest.Convert(new string('a', 64), new string('b', 64)),
            new ApplyRequest.RunRecipe(RecipeAct.Revert, Slot.B, Unpacking: true),
            new ApplyRequest.Stop(new RequestId(uint.MaxValue)),
        ];

    public static TheoryData<ApplyAnswer> Answers =>
        [
            new ApplyAnswer.Ready(),
            new ApplyAnswer.Done(),
            new ApplyAnswer.Refused("/root/x is not listed", Listed: false),
            new ApplyAnswer.File(null, null, null),
            new ApplyAnswer.File(Large, "0644", "root:root"),
            new ApplyAnswer.Started(4711),
            new ApplyAnswer.Ended(null, ""),
            new ApplyAnswer.Ended("exit code 7", "two\nlines"),
            new ApplyAnswer.Converted(new ConverterAnswer(ConverterAnswer.Talkative, "out", "err")),
            new ApplyAnswer.Converted(ConverterAnswer.NotAsked("no such image", "upload it")),
        ];

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_comes_out_as_it_went_in(ApplyRequest request)
    {
        Assert.True(ApplyCodec.TryRead(Through(ApplyCodec.Encode(request)), out ApplyRequest? read));
        Assert.Equivalent(request, read, strict: true);
        Assert.IsType(request.GetType(), read);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_comes_out_as_it_went_in(ApplyAnswer answer)
    {
        Assert.True(ApplyCodec.TryRead(Through(ApplyCodec.Encode(answer)), out ApplyAnswer? read));
        Assert.Equivalent(answer, read, strict: true);
        Assert.IsType(answer.GetType(), read);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_that_is_cut_off_or_longer_is_none(ApplyRequest request)
    {
        var bytes = ApplyCodec.Encode(request);
        for (var length = 0; length < Math.Min(bytes.Length, 500); length++)
        {
            Assert.False(ApplyCodec.TryRead(bytes.AsSpan(0, length), out ApplyRequest? _), $"{length} of {bytes.Length} bytes");
        }

        Assert.False(ApplyCodec.TryRead([.. bytes, 0], out ApplyRequest? _));
    }

    [Theory]
    [InlineData(new byte[] { 2, 0xff, 0xff, 0xff, 0xff })] // no path at all
    [InlineData(new byte[] { 2, 0, 0, 0, 1, 0xff })] // no text
    [InlineData(new byte[] { 2, 0x7f, 0xff, 0xff, 0xff, (byte)'/' })] // longer than what is there
    [InlineData(new byte[] { 11, 4, 0, 0 })] // no such act
    [InlineData(new byte[] { 11, 0, 2, 0 })] // no such slot
    [InlineData(new byte[] { 11, 0, 0, 2 })] // neither true nor false
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 99 })]
    public void What_is_no_request_is_refused(byte[] bytes) => Assert.False(ApplyCodec.TryRead(bytes, out ApplyRequest? _));

    [Fact]
    public void Whatever_comes_in_nothing_throws_and_nothing_piles_up()
    {
        var random = new Random(Seed);
        var samples = Requests
            .Select(row => ApplyCodec.Encode(row.Data))
            .Concat(Answers.Select(row => ApplyCodec.Encode(row.Data)))
            .Select(bytes => bytes.Length > 1000 ? bytes[..1000] : bytes)
            .ToArray();
        var assembler = new PacketAssembler();
        var (whole, read) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var message = (byte[])samples[random.Next(samples.Length)].Clone();
            for (var i = random.Next(4); i > 0; i--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            read += ApplyCodec.TryRead(message, out ApplyRequest? _) ? 1 : 0;
            read += ApplyCodec.TryRead(message, out ApplyAnswer? _) ? 1 : 0;
            var packet = ApplyPackets.Split(new RequestId((uint)random.Next(200)), message).First();
            for (var i = random.Next(3); i > 0; i--)
            {
                packet[random.Next(Math.Min(packet.Length, 14))] = (byte)random.Next(256);
            }

            whole += assembler.TryTake(packet.AsSpan(0, random.Next(10) == 0 ? random.Next(packet.Length) : packet.Length), out _, out _)
                ? 1
                : 0;
        }

        Assert.True(whole > Rounds / 10 && read > Rounds / 10, $"{whole} messages came out whole, {read} could be read");
        Assert.True(assembler.Dropped > Rounds / 100, $"{assembler.Dropped} packets were dropped");
    }

    [Fact]
    public void Who_comes_in_amid_a_message_understands_the_next_one()
    {
        var first = ApplyPackets.Split(new RequestId(1), Large).ToArray();
        var assembler = new PacketAssembler();
        foreach (var late in first[1..])
        {
            Assert.False(assembler.TryTake(late, out _, out _));
        }

        Assert.Equal(first.Length - 1, assembler.Dropped);
        Assert.Equal(Large, Through(Large, assembler));
    }

    [Fact]
    public void Messages_may_come_in_turns()
    {
        var assembler = new PacketAssembler();
        var parts = ApplyPackets.Split(new RequestId(1), Large).Zip(ApplyPackets.Split(new RequestId(2), Large)).ToArray();
        var whole = 0;
        foreach (var (one, two) in parts)
        {
            whole += assembler.TryTake(one, out _, out _) ? 1 : 0;
            whole += assembler.TryTake(two, out _, out var message) && message.AsSpan().SequenceEqual(Large) ? 1 : 0;
        }

        Assert.Equal((2, 0), (whole, assembler.Dropped));
    }

    [Fact]
    public void Many_messages_that_never_end_take_bounded_memory()
    {
        var assembler = new PacketAssembler();
        var part = new byte[ApplyPackets.PacketMaxBytes - 12];
        for (uint id = 1; id <= 10_000; id++)
        {
            var begun = ApplyPackets.Split(new RequestId(id), [.. part, 0]).First();
            Assert.False(assembler.TryTake(begun, out _, out _));
            Assert.InRange(assembler.PendingBytes, 1, 64 * part.Length);
        }

        // The oldest were dropped, and whoever comes next is understood.
        Assert.Equal(Large, Through(Large, assembler));
    }

    private static byte[] Through(byte[] message, PacketAssembler? assembler = null)
    {
        assembler ??= new PacketAssembler();
        byte[]? whole = null;
        foreach (var packet in ApplyPackets.Split(new RequestId(7), message))
        {
            Assert.Null(whole);
            assembler.TryTake(packet, out _, out whole);
        }

        return whole ?? throw new InvalidOperationException(Encoding.UTF8.GetString(message));
    }
}
