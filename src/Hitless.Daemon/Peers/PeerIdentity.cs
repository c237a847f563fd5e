using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Keys;
using Hitless.Core.Wire;

namespace Hitless.Daemon.Peers;

/// <summary>
/// What this unit proves itself by towards the others, and what it takes as their proof: follows from the cluster's keys, and with them.
/// For several threads at once.
/// </summary>
public sealed class PeerIdentity : IDisposable
{
    private IReadOnlyList<ClusterCertificate> certificates;

    /// <summary>The identity of who has these keys.</summary>
    public PeerIdentity(ClusterKeys keys) => certificates = Derive(keys);

    /// <summary>The certificate with its private key, for both ends of a connection.</summary>
    public X509Certificate2 Certificate => Volatile.Read(ref certificates)[0].Certificate;

    /// <summary>Whether a certificate that the other end proved is that of a unit of this cluster, now.</summary>
    public bool Matches(X509Certificate? other) => Volatile.Read(ref certificates).Any(each => each.Matches(other));

    /// <summary>Follows the keys. Connections that stand stay as they are: <see cref="Matches"/> is for each request.</summary>
    public void Use(ClusterKeys keys) => Volatile.Write(ref certificates, Derive(keys)); // The former ones may be in a handshake's hands.

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }

    private static IReadOnlyList<ClusterCertificate> Derive(ClusterKeys keys) => [.. keys.Accepted.Select(Derive)];

    private static ClusterCertificate Derive(ClusterKey key)
    {
        var secret = new byte[ClusterKey.Size];
        key.Derive([], "hitless peer identity v1"u8, secret);
        var certificate = ClusterCertificate.Derive(secret);
        CryptographicOperations.ZeroMemory(secret);
        return certificate;
    }
}
