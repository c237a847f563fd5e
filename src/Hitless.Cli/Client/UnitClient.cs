using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;

namespace Hitless.Cli.Client;

/// <summary>
/// The local API of one unit, over its Unix socket. Every failure comes as <see cref="RefusedException"/> or
/// <see cref="UnreachableException"/>.
/// </summary>
internal sealed class UnitClient : IDisposable
{
    private readonly string _socketPath;
    private readonly HttpMessageInvoker _http;

    public UnitClient(string socketPath)
    {
        _socketPath = socketPath;
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                ConnectCallback = async (_, cancel) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    try
                    {
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancel);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            }
        );
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, path, null, answer, cancel);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Post, path, null, answer, cancel);

    public Task<TAnswer> PostAsync<TRequest, TAnswer>(
        string path,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TAnswer> answer,
        CancellationToken cancel
    )
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, requestType));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return AskAsync(HttpMethod.Post, path, content, answer, cancel);
    }

    /// <summary>Sends what is large as the body; the stream tells its reader how far it is.</summary>
    public Task<T> UploadAsync<T>(string path, Stream content, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Post, path, new StreamContent(content, 128 << 10), answer, cancel);

    public Task DownloadAsync(string path, Stream destination, CancellationToken cancel) => NameFailuresAsync(cancel, async () =>
        {
            using var answer = await SendAsync(HttpMethod.Get, path, null, cancel);
            await answer.Content.CopyToAsync(destination, cancel);
            return true;
        });

    /// <summary>
    /// Server-sent events as they come; ends when the unit ends the stream. <paramref name="opened"/> is called when the unit has accepted.
    /// </summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        string path,
        JsonTypeInfo<T> item,
        Action opened,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        using var answer = await NameFailuresAsync(cancel, () => SendAsync(HttpMethod.Get, path, null, cancel));
        opened();
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        var parser = SseParser.Create(body, (_, data) => JsonSerializer.Deserialize(data, item)!);
        await using var items = parser.EnumerateAsync(cancel).GetAsyncEnumerator(cancel);
        while (await NameFailuresAsync(cancel, async () => await items.MoveNextAsync()))
        {
            yield return items.Current.Data;
        }
    }

    public void Dispose() => _http.Dispose();

    private Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancel) =>
        NameFailuresAsync(cancel, async () =>
        {
            using var answer = await SendAsync(method, path, content, cancel);
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            return (await JsonSerializer.DeserializeAsync(body, type, cancel))!;
        });

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, "http://unit" + path) { Content = content };
        var answer = await _http.SendAsync(request, cancel);
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            throw new RefusedException(
                await JsonSerializer.DeserializeAsync(body, ApiJson.Default.Refusal, cancel)
                    ?? new Refusal($"the unit answered {(int)answer.StatusCode}", "see the log of hitlessd (journalctl -u hitlessd)")
            );
        }
    }

    private async Task<T> NameFailuresAsync<T>(CancellationToken cancel, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (HttpRequestException failed)
            when (failed.GetBaseException() is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new UnreachableException(
                new Refusal($"no right to open {_socketPath}", "run it as root, or join the group that owns the socket"),
                failed
            );
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new UnreachableException(
                new Refusal(
                    $"no unit answers on {_socketPath}",
                    "start hitlessd (systemctl start hitlessd), or name its socket with --socket PATH"
                ),
                failed
            );
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException && !cancel.IsCancellationRequested)
        {
            throw new UnreachableException(
                new Refusal(
                    $"the unit behind {_socketPath} went away before it had answered",
                    "ask again: hitless status shows whether it is back"
                ),
                failed
            );
        }
        catch (JsonException strange)
        {
            throw new RefusedException(
                new Refusal(
                    $"the unit's answer was not understood: {strange.Message.ReplaceLineEndings(" ")}",
                    "use the hitless that came with this unit's hitlessd"
                ),
                strange
            );
        }
    }
}
