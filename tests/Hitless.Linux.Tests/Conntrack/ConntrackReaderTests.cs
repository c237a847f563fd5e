using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Linux.Tests.Conntrack;

public sealed class ConntrackReaderTests
{
    // As Linux 6.18 writes it (composed by hand): a new TCP entry behind source translation, in a zone.
    private static readonly byte[] Event = Convert.FromHexString(
        "E000000000010006000000000000000002000000"
            + "340001801400018008000100C0A8010A08000200C0A8020A1C0002800500010006000000060002009C4000000600030001BB0000"
            + "340002801400018008000100C0A8020A08000200C0A802011C00028005000100060000000600020001BB00000600030009C40000"
            + "0800030000000188080007000000007808000800000000070600120000030000"
            + "300004802C00018005000100010000000500020007000000050003000000000006000400230000000600050000000000"
    );

    [Fact]
    public void An_event_is_read_into_a_record()
    {
        var bytes = Trimmed();
        var reader = new ConntrackReader(bytes);
        Assert.True(reader.TryNext(out var change, out var record));
        Assert.Equal(ConntrackChange.Updated, change);
        Assert.Equal("192.168.1.10:40000 -> 192.168.2.10:443", record.Key.Original.Text(false, Protocols.Tcp));
        Assert.Equal("192.168.2.10:443 -> 192.168.2.1:2500", record.Reply.Text(false, Protocols.Tcp));
        Assert.Equal((120u, 7u, 3), (record.TimeoutSeconds, record.Mark, record.Key.Zone));
        Assert.Equal(new TcpProgress(TcpState.SynSent, 0x23, 0, 7, 0), record.Tcp);
        Assert.False(reader.TryNext(out _, out _));
        Assert.Equal(0, reader.Unreadable);
    }

    [Fact]
    public void A_session_of_a_flowtable_is_open_and_does_not_end_at_once_though_the_kernel_tells_neither()
    {
        // Status with IPS_OFFLOAD; numbers of no attribute in the places of timeout and state.
        var text = Convert
            .ToHexString(Trimmed())
            .Replace("0800030000000188", "080003000000418E", StringComparison.Ordinal)
            .Replace("0800070000000078", "08007F0000000078", StringComparison.Ordinal)
            .Replace("300004802C000180", "30007F802C000180", StringComparison.Ordinal);
        var reader = new ConntrackReader(Convert.FromHexString(text));

        Assert.True(reader.TryNext(out _, out var record));
        Assert.Equal((86_400u, TcpState.Established), (record.TimeoutSeconds, record.Tcp.State));
        Assert.True(record.IsComplete);
    }

    [Fact]
    public void Random_and_mutated_datagrams_never_throw()
    {
        var valid = Trimmed();
        var random = new Random(1);
        var bytes = new byte[valid.Length * 2];
        for (var i = 0; i < 100_000; i++)
        {
            var length = random.Next(bytes.Length);
            if (random.Next(4) == 0)
            {
                random.NextBytes(bytes.AsSpan(0, length));
            }
            else
            {
                valid.CopyTo(bytes, 0);
                valid.CopyTo(bytes, valid.Length);
                for (var n = random.Next(6); n > 0; n--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var reader = new ConntrackReader(bytes.AsSpan(0, length));
            while (reader.TryNext(out _, out _)) { }
        }
    }

    // The length field is filled in here, so that the hex above stays readable.
    private static byte[] Trimmed()
    {
        var bytes = Event.ToArray();
        BitConverter.TryWriteBytes(bytes, bytes.Length);
        return bytes;
    }
}
