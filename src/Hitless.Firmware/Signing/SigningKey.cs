using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Firmware.Files;

namespace Hitless.Firmware.Signing;

/// <summary>Keys that sign images: one PEM file with private key and certificate. Units hold the certificate alone.</summary>
public static class SigningKey
{
    internal const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    /// <summary>
    /// Makes a self-signed ECDSA P-256 code-signing certificate, for developers and the lab. Writes <paramref name="keyFile"/> (key and
    /// certificate, mode 0600) and <paramref name="certificateFile"/> (certificate alone, mode 0644).
    /// </summary>
    public static void Generate(string name, string keyFile, string certificateFile, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true)
        );
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(CodeSigning)], critical: true));
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);
        var certificatePem = certificate.ExportCertificatePem() + "\n";
        DurableFile.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n" + certificatePem, DurableFile.OwnerOnly);
        DurableFile.WriteAllText(certificateFile, certificatePem);
    }

    /// <summary>Reads key and certificate from one PEM file. <see cref="CryptographicException"/> if one of them is not in it.</summary>
    public static X509Certificate2 Read(string keyFile) => X509Certificate2.CreateFromPemFile(keyFile, keyFile);
}
