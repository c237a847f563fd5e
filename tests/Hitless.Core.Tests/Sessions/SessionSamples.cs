using System.Net;
using Hitless.Core.Sessions;

namespace Hitless.Core.Tests.Sessions;

internal static class SessionSamples
{
    public static SessionRecord Tcp(int number, TcpState state = TcpState.Established) =>
        new(
            new SessionKey(
                false,
                Protocols.Tcp,
                0,
                new SessionTuple(Number("10.0.0.1") + (UInt128)(uint)(number >> 16), Number("192.0.2.1"), (ushort)number, 80)
            ),
            new SessionTuple(Number("192.0.2.1"), Number("10.0.0.1") + (UInt128)(uint)(number >> 16), 80, (ushort)number),
            SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured,
            300,
            0,
            new TcpProgress(state, 0x0B, 0x0B, 7, 9)
        );

    public static SessionRecord NatV6(int number) =>
        new(
            new SessionKey(true, Protocols.Udp, 7, new SessionTuple(Number("fd00::1"), Number("fd01::2"), (ushort)number, 53)),
            new SessionTuple(Number("fd01::3"), Number("fd02::9"), 5353, 40000),
            SessionStatus.Confirmed
                | SessionStatus.SourceNat
                | SessionStatus.DestinationNat
                | SessionStatus.SourceNatDone
                | SessionStatus.DestinationNatDone,
            30,
            0xCAFE,
            default
        );

    public static SessionRecord Any(Random random)
    {
        var v6 = random.Next(2) == 0;
        var protocol = new byte[] { 1, 6, 17, 47, 58, 132 }[random.Next(6)];
        UInt128 Address() => v6 ? new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()) : (uint)random.NextInt64();
        ushort Port() => (ushort)random.Next(65536);
        var original = new SessionTuple(Address(), Address(), Port(), Port());
        var key = new SessionKey(v6, protocol, (ushort)(random.Next(2) * random.Next(65536)), original);
        return new SessionRecord(
            key,
            random.Next(2) == 0 ? original.Inverted(protocol) : new SessionTuple(Address(), Address(), Port(), Port()),
            (SessionStatus)random.Next(65536),
            (uint)random.Next(),
            (uint)(random.Next(2) * random.Next()),
            random.Next(2) == 0
                ? default
                : new TcpProgress((TcpState)random.Next(1, 10), 1, 2, (byte)random.Next(15), (byte)random.Next(15))
        )
        {
            IsNew = random.Next(2) == 0,
            Sctp = random.Next(4) == 0 ? new SctpProgress((byte)random.Next(1, 9), (uint)random.Next(), (uint)random.Next()) : default,
            Labels = random.Next(4) == 0 ? new UInt128((ulong)random.NextInt64(), 1) : 0,
            Helper = random.Next(4) == 0 ? KernelName.From("netbios-ns") : default,
            Parent = random.Next(4) == 0 ? new SessionParent(6, new SessionTuple(Address(), Address(), Port(), Port())) : default,
            AdjustOriginal = random.Next(4) == 0 ? new SequenceAdjustment((uint)random.Next(), -1, random.Next()) : default,
            AdjustReply = random.Next(4) == 0 ? new SequenceAdjustment((uint)random.Next(), 1, -random.Next()) : default,
        };
    }

    public static SessionExpectation Expectation(int number) =>
        new(
            Tcp(number).Key,
            Protocols.Udp,
            new SessionTuple(0, Number("192.0.2.1"), 0, (ushort)number),
            new SessionTuple(0, uint.MaxValue, 0, 65535),
            300,
            1,
            2,
            1,
            new SessionTuple(Number("10.0.0.1"), 0, (ushort)number, 0),
            KernelName.From("sip"),
            KernelName.From("nat-follow-master")
        );

    public static UInt128 Number(string address) => SessionTuple.Number(IPAddress.Parse(address));
}
