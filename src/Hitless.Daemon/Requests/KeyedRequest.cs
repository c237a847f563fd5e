using System.Security.Cryptography;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Requests;

/// <summary>A request with a key on its way through <see cref="RequestMemory"/>.</summary>
internal sealed class KeyedRequest(KeptRequests kept, string name, string request)
{
    private KeptRequest? _begun;

    /// <summary>Its body is whole, and what it asks for may begin: from here on it is on disk.</summary>
    /// <exception cref="RefusedException">The disk does not take it: nothing begins.</exception>
    public void Begin(ReadOnlySpan<byte> hash)
    {
        _begun = new KeptRequest(request, Convert.ToHexStringLower(hash.IsEmpty ? SHA256.HashData([]) : hash), null, null, null);
        try
        {
            kept.Add(name, _begun);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _begun = null;
            throw new RefusedException(
                $"the request's key cannot be written down: {e.Message}",
                "free disk space, or send it without Idempotency-Key",
                e
            );
        }
    }

    /// <summary>It was answered. What was not done is forgotten, so that its key is free.</summary>
    public void End(int status, string? contentType, byte[] answer)
    {
        if (status is < StatusCodes.Status200OK or >= StatusCodes.Status300MultipleChoices)
        {
            Forget();
        }
        else if (_begun is { } begun)
        {
            kept.Complete(name, begun with { Status = status, ContentType = contentType, Answer = answer });
        }
    }

    /// <summary>It ended otherwise. It is forgotten where nothing can have been done; else its outcome is not known.</summary>
    /// <returns>False always: the exception goes on.</returns>
    public bool Fail(Exception failure)
    {
        if (HasChangedNothing(failure))
        {
            Forget();
        }

        return false;
    }

    private static bool HasChangedNothing(Exception failure) =>
        failure switch
        {
            RefusedException refused => ProblemTypes.Of(refused.Refusal) != ProblemTypes.UnitUnreachable,
            PeerException peer => peer.Kind == PeerFailureKind.Refused,
            _ => failure is JsonException or BadHttpRequestException,
        };

    private void Forget()
    {
        if (_begun is not null)
        {
            kept.Remove(name);
        }
    }
}
