using System.Security.Cryptography;

namespace Hitless.Daemon.Requests;

/// <summary>
/// A request's body that is hashed while it is read; its end begins the request. Who acts on a body reads all of it before.
/// </summary>
internal sealed class HashedBody(Stream body, KeyedRequest request) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Whoever has read it to its end may have disposed of it: it is asked for its end once more.
        if (_ended)
        {
            return 0;
        }

        var length = await body.ReadAsync(buffer, cancellationToken);
        if (length == 0 && buffer.Length > 0)
        {
            _ended = true;
            request.Begin(_hash.GetHashAndReset());
            _hash.Dispose();
        }
        else
        {
            _hash.AppendData(buffer.Span[..length]);
        }

        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read it asynchronously");

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
