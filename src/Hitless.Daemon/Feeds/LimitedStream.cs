namespace Hitless.Daemon.Feeds;

/// <summary>
/// What comes from a server that is not believed: at most so many bytes, and none waited for longer than a minute. Only read, and only
/// asynchronously.
/// </summary>
/// <param name="inner">The server's bytes; its owner disposes of it.</param>
/// <param name="length">How many may come; none if it is below 0.</param>
internal sealed class LimitedStream(Stream inner, long length) : Stream
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private long left = Math.Max(0, length);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, left)];
        if (wanted.IsEmpty)
        {
            return 0;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var count = await inner.ReadAsync(wanted, patience.Token);
            left -= count;
            return count;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {Patience.TotalSeconds} s", e);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() { }
}
