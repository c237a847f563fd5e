using System.Security.Cryptography;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Firmware.Signing;

/// <summary>
/// Signs reports of runs with a key that follows from the cluster key, and checks them anywhere. What is signed travels in the signature as
/// the exact bytes, so that a report outlives changes of its format; the fields around it are for reading and must say the same.
/// </summary>
public sealed class ReportSeal : IDisposable
{
    private readonly ECDsa key;

    /// <summary>The cluster's seal.</summary>
    public ReportSeal(ClusterKey clusterKey)
    {
        Span<byte> secret = stackalloc byte[ClusterKey.Size];
        clusterKey.Derive([], "hitless report secret v1"u8, secret);
        key = DerivedKey.Derive(secret.ToArray(), "hitless report v1"u8);
        CryptographicOperations.ZeroMemory(secret);
        PublicKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>What a verifier without the cluster key can hold a report against: SubjectPublicKeyInfo in base64.</summary>
    public string PublicKey { get; }

    /// <summary>The report with its signature.</summary>
    public RunReport Sign(RunReport report)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(report with { Signature = null }, ApiJson.Default.RunReport);
        return report with
        {
            Signature = new ReportSignature(
                PublicKey,
                Convert.ToBase64String(content),
                Convert.ToBase64String(key.SignData(content, HashAlgorithmName.SHA256))
            ),
        };
    }

    /// <summary>Null if <paramref name="publicKey"/> signed the report and it says what was signed; else what is wrong.</summary>
    public static string? Refuse(RunReport report, string publicKey)
    {
        if (report.Signature is not { } signature)
        {
            return "the report is not signed";
        }

        if (signature.Key != publicKey)
        {
            return "the report is signed by another cluster";
        }

        try
        {
            var content = Convert.FromBase64String(signature.Content);
            using var verifier = ECDsa.Create();
            verifier.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
            if (!verifier.VerifyData(content, Convert.FromBase64String(signature.Value), HashAlgorithmName.SHA256))
            {
                return "the signature does not fit the report";
            }

            var signed = JsonSerializer.Deserialize(content, ApiJson.Default.RunReport);
            return Text(signed!) == Text(report) ? null : "the report does not say what was signed";
        }
        catch (Exception e) when (e is FormatException or CryptographicException or JsonException)
        {
            return $"the signature cannot be read: {e.Message}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    private static string Text(RunReport report) => JsonSerializer.Serialize(report with { Signature = null }, ApiJson.Default.RunReport);
}
