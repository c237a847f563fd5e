namespace Hitless.Firmware.Files;

/// <summary>
/// Reads another stream, and rests before each piece for twice as long as its reader has worked on the one before. What handles a whole
/// image (hashing, unpacking, copying) runs in the daemon, beside the kernel's own thread for received packets (ksoftirqd): on a gateway
/// with one processor, so it takes about a third of it instead of half (docs/decisions/0050, 0055). Time spent waiting for the stream
/// itself is no work.
/// </summary>
/// <param name="inner">what is read; disposed with this one</param>
/// <param name="clock">measures the work and ends the rests; the system's where none is given</param>
public sealed class PacedStream(Stream inner, TimeProvider? clock = null) : Stream
{
    private const int RestPerWork = 2;

    // Shorter pieces of work are added up: a timer cannot rest for less than a millisecond.
    private static readonly TimeSpan WorkMin = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan RestMax = TimeSpan.FromMilliseconds(100);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private TimeSpan _worked;
    private long _begun;

    /// <inheritdoc/>
    public override bool CanRead => inner.CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => inner.CanSeek;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => inner.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (RestDue() is { } rest)
        {
            Task.Delay(rest, _clock).Wait();
        }

        var count = inner.Read(buffer);
        _begun = _clock.GetTimestamp();
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (RestDue() is { } rest)
        {
            await Task.Delay(rest, _clock, cancellationToken);
        }

        var count = await inner.ReadAsync(buffer, cancellationToken);
        _begun = _clock.GetTimestamp();
        return count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private TimeSpan? RestDue()
    {
        if (_begun == 0)
        {
            return null;
        }

        _worked += _clock.GetElapsedTime(_begun);
        _begun = 0;
        if (_worked < WorkMin)
        {
            return null;
        }

        var rest = _worked * RestPerWork;
        _worked = TimeSpan.Zero;
        return rest < RestMax ? rest : RestMax;
    }
}
