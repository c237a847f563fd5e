using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hitless.Daemon.Peers;

/// <summary>
/// The one identity that all units of a cluster share towards each other: an ECDSA P-256 key derived from the cluster key, so that no
/// certificate is ever exchanged or renewed. Whoever proves this key knows the cluster key; names and dates in the certificate mean nothing.
/// </summary>
public sealed class ClusterCertificate : IDisposable
{
    // Order of the base point of P-256 (FIPS 186-5, SEC 2 secp256r1).
    private static readonly BigInteger Order = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber);

    private readonly ECDsa _key;
    private readonly byte[] _publicKey;

    private ClusterCertificate(ECDsa key)
    {
        _key = key;
        _publicKey = key.ExportSubjectPublicKeyInfo();
        var request = new CertificateRequest("CN=hitless", key, HashAlgorithmName.SHA256);
        Certificate = request.CreateSelfSigned(
            new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2199, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    /// <summary>The certificate with its private key, for both ends of a connection.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Derives the identity from the 32 bytes of the cluster key. 48 derived bytes make the bias of the reduction negligible (FIPS 186-5, A.2.1).</summary>
    public static ClusterCertificate Derive(byte[] clusterKey)
    {
        if (clusterKey.Length != 32)
        {
            throw new InvalidOperationException("a cluster key has 32 bytes");
        }

        var wide = HKDF.DeriveKey(HashAlgorithmName.SHA256, clusterKey, 48, info: "hitless peer api v1"u8.ToArray());
        var scalar = (new BigInteger(wide, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        var secret = new byte[32];
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes.CopyTo(secret, secret.Length - bytes.Length);
        CryptographicOperations.ZeroMemory(wide);
        CryptographicOperations.ZeroMemory(bytes);
        var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
        CryptographicOperations.ZeroMemory(secret);
        return new ClusterCertificate(key);
    }

    /// <summary>Whether a certificate that the other end proved is that of a unit of this cluster.</summary>
    public bool Matches(X509Certificate? other) =>
        other is X509Certificate2 certificate
        && CryptographicOperations.FixedTimeEquals(certificate.PublicKey.ExportSubjectPublicKeyInfo(), _publicKey);

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }
}
