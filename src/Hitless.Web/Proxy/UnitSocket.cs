using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Hitless.Web.Proxy;

/// <summary>The unit's local API. What does not answer comes as <see cref="HttpRequestException"/> or <see cref="IOException"/>.</summary>
internal sealed class UnitSocket : IDisposable
{
    private readonly HttpMessageInvoker _http;

    /// <param name="path">Path of the socket.</param>
    public UnitSocket(string path) =>
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = (_, cancel) => ConnectAsync(path, cancel),
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
            }
        );

    /// <summary>Sends a request (its target is a path and a query); the answer's body has not been read yet.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        request.RequestUri = new Uri($"http://unit{request.RequestUri!.OriginalString}");
        return _http.SendAsync(request, cancel);
    }

    /// <summary>An answer as bytes; null: the unit refused.</summary>
    public async Task<byte[]?> GetAsync(string path, CancellationToken cancel)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)), cancel);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync(cancel) : null;
    }

    /// <summary>An answer as a record; null: the unit refused, or has none.</summary>
    public async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class => await GetAsync(path, cancel) is { } json ? JsonSerializer.Deserialize(json, type) : null;

    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new NetworkStream(socket, ownsSocket: true);
    }
}
