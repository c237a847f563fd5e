using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Joining;

namespace Hitless.Daemon.Joining;

/// <summary>One invitation: a certificate and a secret that live for its minutes and nowhere else.</summary>
public sealed class Invitation : IDisposable
{
    /// <summary>So many wrong secrets, and the invitation is void.</summary>
    public const int WrongMax = 5;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(InvitationCode.PartBytes);
    private int _wrong;

    public Invitation() =>
        Certificate = new CertificateRequest("CN=hitless invitation", _key, HashAlgorithmName.SHA256).CreateSelfSigned(
            new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2199, 1, 1, 0, 0, 0, TimeSpan.Zero)
        );

    /// <summary>What the listener proves itself by; its dates mean nothing, clocks may be wrong on a new machine.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The code of this invitation at an end point.</summary>
    public InvitationCode CodeAt(IPEndPoint endPoint) =>
        new(endPoint, SHA256.HashData(Certificate.RawData)[..InvitationCode.PartBytes], _secret);

    /// <summary>Whether this is the secret; <paramref name="isVoid"/>: too many were not.</summary>
    public bool Accepts(string? secret, out bool isVoid)
    {
        var given = new byte[InvitationCode.PartBytes];
        var understood = secret is { Length: InvitationCode.PartBytes * 2 } && TryReadHex(secret, given);
        var right = CryptographicOperations.FixedTimeEquals(given, _secret) && understood;
        isVoid = Volatile.Read(ref _wrong) >= WrongMax || (!right && Interlocked.Increment(ref _wrong) >= WrongMax);
        return right && !isVoid;
    }

    /// <summary>A unit has joined by it: nobody else does.</summary>
    public void Spend() => Volatile.Write(ref _wrong, WrongMax);

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
        CryptographicOperations.ZeroMemory(_secret);
    }

    private static bool TryReadHex(string text, byte[] bytes) =>
        Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done && written == bytes.Length;
}
