using System.Security.Cryptography.X509Certificates;

namespace Hitless.Firmware.Signing;

/// <summary>Whether this program, with this machine's cryptography, can sign a manifest, verify it, and notice a change.</summary>
public static class SignatureCheck
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Run()
    {
        var folder = Directory.CreateTempSubdirectory("hitless-check-").FullName;
        try
        {
            var (key, certificate) = (Path.Combine(folder, "key.pem"), Path.Combine(folder, "trust.pem"));
            var now = TimeProvider.System.GetUtcNow();
            SigningKey.Generate("self-check", key, certificate, now.AddHours(-1), now.AddHours(1));
            using var signer = SigningKey.Read(key);
            byte[] manifest = [.. "{}"u8];
            var signature = ManifestSignature.Sign(manifest, signer);
            if (!TrustStore.TryRead(certificate, out var trust, out var problem))
            {
                return problem!.Error;
            }

            return ManifestSignature.Verify(manifest, signature, trust, now)?.Error
                ?? (ManifestSignature.Verify([.. "[]"u8], signature, trust, now) is null ? "a changed manifest passes" : null);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
