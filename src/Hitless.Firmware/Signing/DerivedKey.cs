using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Hitless.Firmware.Signing;

/// <summary>
/// An ECDSA P-256 key pair that follows from 32 secret bytes, so that every unit of a cluster has the same one and none is ever exchanged.
/// </summary>
public static class DerivedKey
{
    // Order of the base point of P-256 (FIPS 186-5, SEC 2 secp256r1).
    private static readonly BigInteger Order = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
        NumberStyles.HexNumber,
        CultureInfo.InvariantCulture
    );

    /// <summary>The key pair for a purpose. 48 derived bytes make the bias of the reduction negligible (FIPS 186-5, A.2.1).</summary>
    public static ECDsa Derive(byte[] secret, ReadOnlySpan<byte> purpose)
    {
        if (secret.Length != 32)
        {
            throw new InvalidOperationException("a secret has 32 bytes");
        }

        var wide = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 48, info: purpose.ToArray());
        var scalar = (new BigInteger(wide, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        var d = new byte[32];
        bytes.CopyTo(d, d.Length - bytes.Length);
        CryptographicOperations.ZeroMemory(wide);
        CryptographicOperations.ZeroMemory(bytes);
        var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
        CryptographicOperations.ZeroMemory(d);
        return key;
    }
}
