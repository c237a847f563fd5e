using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Core.Joining;

namespace Hitless.Cli.Client;

/// <summary>
/// The local API of one unit, over its Unix socket. Every failure comes as <see cref="RefusedException"/> or
/// <see cref="UnreachableException"/>.
/// </summary>
internal sealed class UnitClient : IDisposable
{
    private readonly string _where;
    private readonly string _base;
    private readonly string _remedy;
    private readonly HttpMessageInvoker _http;
    private string? _secret;

    public UnitClient(string socketPath)
        : this(
            socketPath,
            "http://unit",
            "start hitlessd (systemctl start hitless), or name its socket with --socket PATH",
            new SocketsHttpHandler
            {
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
        ) { }

    private UnitClient(string where, string address, string remedy, SocketsHttpHandler handler)
    {
        (_where, _base, _remedy) = (where, address, remedy);
        handler.UseProxy = false;
        handler.UseCookies = false;
        handler.AllowAutoRedirect = false;
        handler.ActivityHeadersPropagator = null;
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>The unit that a code comes from: only the one whose certificate has the code's fingerprint is spoken to.</summary>
    public static UnitClient Inviting(InvitationCode code) =>
        new(
            $"{code.EndPoint}",
            $"https://{code.EndPoint}",
            $"is the code still valid, and does this machine reach {code.EndPoint.Address}, TCP port {code.EndPoint.Port}? Else a new one: "
                + "hitless invite",
            new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(10),
                SslOptions = new SslClientAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                        certificate is not null
                        && SHA256
                            .HashData(certificate.GetRawCertData())
                            .AsSpan(0, InvitationCode.PartBytes)
                            .SequenceEqual(code.Fingerprint),
                },
            }
        )
        {
            _secret = code.SecretText,
        };

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, path, null, answer, cancel);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Post, path, null, answer, cancel);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        AskAsync(HttpMethod.Delete, path, null, answer, cancel);

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
        using var request = new HttpRequestMessage(method, _base + path) { Content = content };
        if (_secret is not null)
        {
            request.Headers.Add("Hitless-Secret", _secret);
        }

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
                    ?? new Refusal($"the unit answered {(int)answer.StatusCode}", "see the log of hitlessd (journalctl -u hitless)")
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
                new Refusal($"no right to open {_where}", "run it as root, or join the group that owns the socket"),
                failed
            );
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError is HttpRequestError.SecureConnectionError)
        {
            throw new RefusedException(
                new Refusal(
                    $"whoever answers at {_where} is not the unit that the code comes from",
                    "look at the code, and at who has this address; a new code: hitless invite"
                ),
                failed
            );
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new UnreachableException(new Refusal($"no unit answers on {_where}", _remedy), failed);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException && !cancel.IsCancellationRequested)
        {
            throw new UnreachableException(
                new Refusal(
                    $"the unit behind {_where} went away before it had answered",
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
