using System.Security.Cryptography;
using System.Text.Json;
using Hitless.Core.Api;

namespace Hitless.Core.Notices;

/// <summary>
/// An event as it is posted: the same JSON as <c>hitless events --json</c> has, with the cluster's name before it.
/// <code>
/// {"cluster":"edge","event":{"number":12,"time":"…","unit":"gw1","kind":"role","text":"…","epoch":4}}
/// </code>
/// </summary>
public sealed record WebhookBody(string Cluster, ClusterEvent Event)
{
    /// <summary>The header that has the signature.</summary>
    public const string SignatureHeader = "Hitless-Signature";

    /// <summary>UTF-8.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Default.WebhookBody);

    /// <summary><c>sha256=</c> and the HMAC-SHA-256 of the body with the secret, in lower-case hex.</summary>
    public static string Sign(ReadOnlySpan<byte> body, ReadOnlySpan<byte> secret) =>
        $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(secret, body))}";
}
