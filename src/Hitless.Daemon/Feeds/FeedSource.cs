using System.Net;
using System.Net.Http.Headers;
using Hitless.Daemon.Common;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Feeds;

/// <summary>The files of a feed: the index, and the images beside it. Over http as well as https: everything in it is signed.</summary>
public sealed class FeedSource : IDisposable
{
    private const int RedirectionsMax = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _feed;
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { ConnectTimeout = Patience, MaxAutomaticRedirections = RedirectionsMax }
    )
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = SignedIndex.SizeMax,
    };

    /// <param name="feed">Where the index is: an address (http, https), or the absolute path of a file.</param>
    public FeedSource(string feed) => _feed = feed;

    /// <summary>The index as it is there.</summary>
    /// <exception cref="RefusedException">It cannot be read.</exception>
    public Task<byte[]> ReadIndexAsync(CancellationToken cancel) =>
        TryAsync(
            _feed,
            async () =>
            {
                if (IsFile)
                {
                    return new FileInfo(_feed).Length <= SignedIndex.SizeMax
                        ? await File.ReadAllBytesAsync(_feed, cancel)
                        : throw new IOException($"it has more than {SignedIndex.SizeMax >> 20} MiB");
                }

                using var answer = await _http.GetAsync(_feed, cancel);
                return await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancel);
            },
            cancel
        );

    /// <summary>An image's bytes, from <paramref name="offset"/> on, or from 0 where the server does not send parts.</summary>
    /// <param name="file">As the index names it.</param>
    /// <exception cref="RefusedException">It cannot be read.</exception>
    public Task<(Stream Content, long Offset)> OpenAsync(string file, long offset, CancellationToken cancel) =>
        IsFile ? OpenFileAsync(Path.Combine(Path.GetDirectoryName(_feed)!, file), offset, cancel) : OpenPageAsync(file, offset, cancel);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private bool IsFile => _feed.StartsWith('/');

    private Task<(Stream, long)> OpenFileAsync(string path, long offset, CancellationToken cancel) =>
        TryAsync(
            path,
            () =>
            {
                var content = File.OpenRead(path);
                content.Position = Math.Min(offset, content.Length);
                return Task.FromResult(((Stream)content, content.Position));
            },
            cancel
        );

    private Task<(Stream, long)> OpenPageAsync(string file, long offset, CancellationToken cancel)
    {
        var page = new Uri(new Uri(_feed), string.Join('/', file.Split('/').Select(Uri.EscapeDataString)));
        return TryAsync(
            page.AbsoluteUri,
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, page);
                request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null;
                var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
                if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                {
                    // What is here is as long as the whole, or longer: only its hash can tell.
                    answer.Dispose();
                    return (Stream.Null, offset);
                }

                var from = answer.StatusCode == HttpStatusCode.PartialContent ? answer.Content.Headers.ContentRange?.From ?? offset : 0;
                return from <= offset
                    ? (await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancel), from)
                    : throw new HttpRequestException($"it answers from byte {from} on, asked was from {offset}");
            },
            cancel
        );
    }

    private static async Task<T> TryAsync<T>(string where, Func<Task<T>> read, CancellationToken cancel)
    {
        const string remedy = "look at upgrade.feed, at the server, and at the way to it (curl shows it)";
        try
        {
            return await read();
        }
        catch (HttpRequestException e)
        {
            throw new RefusedException($"{where} cannot be read: {e.InnerException?.Message ?? e.Message}", remedy, e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RefusedException($"{where} is not there", "look at upgrade.feed, and at the file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{where} cannot be read: {e.Message}", "look at upgrade.feed, and at the file", e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException($"{where} does not answer within {Patience.TotalSeconds} s", remedy, e);
        }
    }
}
