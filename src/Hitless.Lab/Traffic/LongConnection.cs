using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Lab.Traffic;

/// <summary>
/// One long TCP connection: sends a numbered 64-byte message every 100 ms and expects each back, whole and in order. Driven by
/// <see cref="LongConnections"/>; its socket never blocks.
/// </summary>
public sealed class LongConnection(int number, Route route, int port, Worst worst)
{
    /// <summary>A message without an answer for this long ends the connection's life.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const int MessageLength = 64;
    private const int Window = 512;
    private static readonly long PatienceStamps = TrafficClock.Stamps(Patience);
    private static readonly long Period = 100 * TrafficClock.Millisecond;

    private readonly long[] _sentAt = new long[Window];
    private readonly byte[] _out = new byte[MessageLength];
    private readonly byte[] _in = new byte[MessageLength];
    private readonly byte[] _expected = new byte[MessageLength];
    private Socket? _socket;
    private int _outLeft;
    private int _inFilled;
    private long _nextDue;

    /// <summary>Which way the connection goes.</summary>
    public Route Route => route;

    /// <summary>Messages sent, and messages that came back.</summary>
    public long Sent { get; private set; }

    /// <summary>Messages that came back.</summary>
    public long Answered { get; private set; }

    /// <summary>True once connected.</summary>
    public bool Opened { get; private set; }

    /// <summary>Why and when it was lost; null while it lives.</summary>
    public LostConnection? Loss { get; private set; }

    /// <summary>True when nothing is on its way.</summary>
    public bool Quiet => Loss is not null || !Opened || Answered == Sent;

    private string Name { get; set; } = $"{route.Source} -> {new IPEndPoint(route.Target, port)}";

    /// <summary>Connects; a failure is a loss.</summary>
    public async Task OpenAsync()
    {
        var socket = route.OpenSocket();
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            await socket.ConnectAsync(new IPEndPoint(route.Target, port), limit.Token);
            socket.Blocking = false;
            Name = $"{socket.LocalEndPoint} -> {socket.RemoteEndPoint}";
            // Spread over the period, so that not all of them speak at once.
            _nextDue = TrafficClock.Now + (number % 100 * TrafficClock.Millisecond);
            _socket = socket;
            Opened = true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            Lose($"connect: {failure.Message}");
        }
    }

    /// <summary>Takes in what came and sends what is due (only what was begun when <paramref name="sending"/> is false).</summary>
    public void Turn(long now, bool sending)
    {
        if (_socket is null || Loss is not null)
        {
            return;
        }

        Receive(now);
        if (Loss is null && Answered < Sent && now - _sentAt[Answered % Window] > PatienceStamps)
        {
            Lose($"no answer for {Patience.TotalSeconds} s");
        }

        if (Loss is null && _outLeft == 0 && sending && now >= _nextDue)
        {
            _nextDue += Period;
            Compose(Sent, _out);
            _sentAt[Sent % Window] = now;
            Sent++;
            _outLeft = MessageLength;
        }

        if (Loss is null && _outLeft > 0)
        {
            Send();
        }
    }

    /// <summary>Ends the connection in good order.</summary>
    public void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private void Send()
    {
        var sent = _socket!.Send(_out.AsSpan(MessageLength - _outLeft), SocketFlags.None, out var error);
        if (error == SocketError.Success)
        {
            _outLeft -= sent;
        }
        else if (error != SocketError.WouldBlock)
        {
            Lose($"send: {error}");
        }
    }

    private void Receive(long now)
    {
        while (Answered < Sent)
        {
            var received = _socket!.Receive(_in.AsSpan(_inFilled), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            if (error != SocketError.Success || received == 0)
            {
                Lose(error == SocketError.Success ? "closed by the other side" : $"receive: {error}");
                return;
            }

            _inFilled += received;
            if (_inFilled == MessageLength)
            {
                TakeMessage(now);
                _inFilled = 0;
            }
        }
    }

    private void TakeMessage(long now)
    {
        Compose(Answered, _expected);
        if (!_in.AsSpan().SequenceEqual(_expected))
        {
            Lose($"message {Answered} came back wrong: number {BinaryPrimitives.ReadInt64LittleEndian(_in)}");
            return;
        }

        worst.Take(TrafficClock.Milliseconds(_sentAt[Answered % Window], now), now, Name);
        Answered++;
    }

    private void Compose(long message, Span<byte> bytes)
    {
        bytes.Fill((byte)(message * 31));
        BinaryPrimitives.WriteInt64LittleEndian(bytes, message);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], number);
    }

    private void Lose(string why)
    {
        Loss = new LostConnection(Name, DateTimeOffset.UtcNow, why);
        Close();
    }
}
