using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Daemon.Http;

namespace Hitless.Daemon.Peers;

/// <summary>
/// Calls other units by name over the units' own API. Connections are kept and used again; each new one tries the unit's addresses in turn,
/// the one that worked last first. What fails comes as a <see cref="PeerException"/> with its kind.
/// </summary>
/// <param name="identity">Follows from the cluster key; stays the caller's to dispose.</param>
/// <param name="addresses">The addresses of a unit, asked at each new connection; empty: unknown unit.</param>
public sealed class PeerClient(PeerIdentity identity, Func<string, IReadOnlyList<IPEndPoint>> addresses) : IDisposable
{
    /// <summary>The header that names the unit that is meant.</summary>
    public const string Recipient = "Hitless-Unit";

    private readonly ConcurrentDictionary<string, PeerConnections> _units = new(StringComparer.Ordinal);

    /// <summary>One call. It is not repeated here: after <see cref="PeerFailureKind.Unreachable"/> it may have had its effect.</summary>
    /// <exception cref="PeerException">See <see cref="PeerFailureKind"/>.</exception>
    public async Task<TAnswer> CallAsync<TRequest, TAnswer>(
        string unit,
        PeerCall<TRequest, TAnswer> call,
        TRequest request,
        TimeSpan timeout,
        CancellationToken cancel
    )
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"https://unit/v1/call/{call.Name}")
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, call.Request)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeout);
        return await NameFailuresAsync(unit, call.Name, cancel, async () =>
        {
            using var answer = await SendAsync(unit, call.Name, message, limit.Token);
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            var given = await JsonSerializer.DeserializeAsync(body, call.Answer, limit.Token);
            return given is null ? throw new JsonException("the answer is null")
                : WholeJson.Gap(call.Answer, given) is { } gap ? throw new JsonException($"{gap} is missing")
                : given;
        });
    }

    /// <summary>
    /// Downloads content from <paramref name="offset"/> to its end into <paramref name="destination"/>, which must stand there.
    /// Asking again with what has arrived as the offset goes on after a break.
    /// </summary>
    /// <param name="unit">The unit that has it.</param>
    /// <param name="name">The name under which it is offered.</param>
    /// <param name="key">Which one.</param>
    /// <param name="offset">First byte wanted; the length or more: nothing is transferred.</param>
    /// <param name="destination">Written as the bytes come.</param>
    /// <param name="progress">Bytes that have arrived, offset included; may be null.</param>
    /// <param name="silence">The longest time without a byte.</param>
    /// <param name="cancel">Leaves the download.</param>
    /// <returns>The length of the whole content.</returns>
    /// <exception cref="PeerException">See <see cref="PeerFailureKind"/>.</exception>
    public async Task<long> DownloadAsync(
        string unit,
        string name,
        string key,
        long offset,
        Stream destination,
        Action<long>? progress,
        TimeSpan silence,
        CancellationToken cancel
    )
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, $"https://unit/v1/content/{name}?key={Uri.EscapeDataString(key)}");
        message.Headers.Range = new RangeHeaderValue(offset, null);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(silence);
        return await NameFailuresAsync(unit, name, cancel, async () =>
        {
            using var answer = await SendAsync(unit, name, message, limit.Token);
            if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return answer.Content.Headers.ContentRange?.Length ?? offset;
            }

            var length = answer.Content.Headers.ContentRange?.Length
                ?? answer.Content.Headers.ContentLength
                ?? throw new JsonException("no length");
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            var buffer = new byte[64 << 10];
            while (true)
            {
                limit.CancelAfter(silence);
                var count = await body.ReadAsync(buffer, limit.Token);
                if (count == 0)
                {
                    return length;
                }

                await destination.WriteAsync(buffer.AsMemory(0, count), cancel);
                offset += count;
                progress?.Invoke(offset);
            }
        });
    }

    /// <summary>The next calls make connections of their own: the identity has changed. Calls under way go on.</summary>
    public void ConnectAnew() => _units.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var unit in _units.Values)
        {
            unit.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string unit, string call, HttpRequestMessage message, CancellationToken cancel)
    {
        var connections = _units.GetOrAdd(unit, name => new PeerConnections(identity, () => addresses(name)));
        message.Headers.TryAddWithoutValidation(Recipient, unit);
        var answer = await connections.SendAsync(message, cancel);
        if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return answer;
        }

        using (answer)
        {
            var kind = answer.StatusCode switch
            {
                HttpStatusCode.Conflict => PeerFailureKind.Refused,
                HttpStatusCode.NotFound => PeerFailureKind.Unknown,
                _ => PeerFailureKind.Failed,
            };
            throw new PeerException(
                kind,
                unit,
                await ReadRefusalAsync(answer, cancel)
                    ?? new Refusal(
                        $"{unit} does not know \"{call}\" ({(int)answer.StatusCode})",
                        $"look at the version of {unit}: hitless status"
                    )
            );
        }
    }

    private static async Task<Refusal?> ReadRefusalAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (answer.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return null;
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        return await JsonSerializer.DeserializeAsync(body, ApiJson.Default.Refusal, cancel);
    }

    private async Task<T> NameFailuresAsync<T>(string unit, string call, CancellationToken cancel, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            Forget(unit);
            throw Unreachable(unit, $"{unit} did not answer \"{call}\" in time", late);
        }
        catch (Exception broken)
            when (broken is HttpRequestException or IOException
                && broken.GetBaseException() is AuthenticationException or System.Security.Cryptography.CryptographicException
            )
        {
            throw WrongKey(unit, broken);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            Forget(unit);
            throw Unreachable(unit, $"{unit} cannot be reached for \"{call}\": {broken.GetBaseException().Message}", broken);
        }
        catch (JsonException strange)
        {
            throw new PeerException(
                PeerFailureKind.Failed,
                unit,
                new Refusal(
                    $"{unit} answered \"{call}\" with something that is no answer: {strange.Message}",
                    $"look at the version of {unit}: hitless status"
                ),
                strange
            );
        }
    }

    // The next call connects anew, perhaps over another link. Not disposed: a download may be under way there; idle connections close by
    // themselves.
    private void Forget(string unit) => _units.TryRemove(unit, out _);

    private static PeerException Unreachable(string unit, string error, Exception inner) =>
        new(
            PeerFailureKind.Unreachable,
            unit,
            ProblemTypes.UnitUnreachable.Refuse(error, $"check that hitlessd runs on {unit} and that a heartbeat link to it is up"),
            inner
        );

    private static PeerException WrongKey(string unit, Exception inner) =>
        new(
            PeerFailureKind.WrongKey,
            unit,
            new Refusal(
                $"{unit} has another cluster key than this unit",
                "copy the file named by cluster.key-file from one unit to all others and restart hitlessd there"
            ),
            inner
        );
}
