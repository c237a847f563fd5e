using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Hitless.Lab.Traffic;

/// <summary>
/// A small HTTP/1.1 server for a download that lasts as long as one likes: GET /stream/ID sends random bytes in chunks at a steady rate
/// until GET /finish/ID, which answers with their number and SHA-256.
/// </summary>
public sealed class DownloadService : IDisposable
{
    private const int ChunkLength = 20_000;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<string, DownloadStream> _streams = new(StringComparer.Ordinal);

    /// <summary>Listens from now on, for IPv4 and IPv6.</summary>
    public DownloadService(int port)
    {
        _listener = TcpListener.Create(port);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var path = await ReadRequestAsync(client.GetStream());
                var words = path.Split('/');
                await (
                    words is ["", "stream", var stream] ? StreamAsync(client.GetStream(), stream)
                    : words is ["", "finish", var finished] ? FinishAsync(client.GetStream(), finished)
                    : WriteAsync(client.GetStream(), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                );
            }
            catch (IOException)
            {
                // The client's side counts the loss.
            }
        }
    }

    private async Task StreamAsync(NetworkStream connection, string id)
    {
        var stream = _streams.GetOrAdd(id, _ => new DownloadStream());
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkLength];
        var length = 0L;
        try
        {
            await WriteAsync(
                connection,
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            );
            while (!stream.Finish.IsCancellationRequested)
            {
                RandomNumberGenerator.Fill(chunk);
                hash.AppendData(chunk);
                length += chunk.Length;
                await WriteAsync(connection, $"{chunk.Length:x}\r\n");
                await connection.WriteAsync(chunk);
                await WriteAsync(connection, "\r\n");
                await Task.Delay(Period, stream.Finish.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            await WriteAsync(connection, "0\r\n\r\n");
        }
        finally
        {
            stream.Result.TrySetResult($"{length} {Convert.ToHexStringLower(hash.GetHashAndReset())}");
        }
    }

    private async Task FinishAsync(NetworkStream connection, string id)
    {
        var stream = _streams.GetOrAdd(id, _ => new DownloadStream());
        await stream.Finish.CancelAsync();
        var result = await stream.Result.Task.WaitAsync(LongConnection.Patience);
        await WriteAsync(
            connection,
            $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {result.Length}\r\nConnection: close\r\n\r\n{result}"
        );
    }

    private static async Task<string> ReadRequestAsync(NetworkStream connection)
    {
        using var reader = new StreamReader(connection, Encoding.ASCII, leaveOpen: true);
        var request = await reader.ReadLineAsync() ?? "";
        while (await reader.ReadLineAsync() is { Length: > 0 }) { }

        return request.Split(' ') is ["GET", var path, ..] ? path : "";
    }

    private static async Task WriteAsync(NetworkStream connection, string text) =>
        await connection.WriteAsync(Encoding.ASCII.GetBytes(text));

    private sealed class DownloadStream
    {
        public CancellationTokenSource Finish { get; } = new();

        public TaskCompletionSource<string> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
