using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Peers;

/// <summary>
/// The one identity that all units of a cluster share towards each other: an ECDSA P-256 key derived from the cluster key, so that no
/// certificate is ever exchanged or renewed. Whoever proves this key knows the cluster key; names and dates in the certificate mean
/// nothing.
/// </summary>
public sealed class ClusterCertificate : IDisposable
{
    private readonly ECDsa _key;
    private readonly byte[] _publicKey;

    private ClusterCertificate(ECDsa key)
    {
        _key = key;
        _publicKey = key.ExportSubjectPublicKeyInfo();
        var request = new CertificateRequest("CN=hitless", key, HashAlgorithmName.SHA256);
        Certificate = request.CreateSelfSigned(
            new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2199, 1, 1, 0, 0, 0, TimeSpan.Zero)
        );
    }

    /// <summary>The certificate with its private key, for both ends of a connection.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Derives the identity from the 32 bytes of the cluster key.</summary>
    public static ClusterCertificate Derive(byte[] clusterKey) => new(DerivedKey.Derive(clusterKey, "hitless peer api v1"u8));

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
