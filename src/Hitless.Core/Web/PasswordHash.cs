using System.Security.Cryptography;

namespace Hitless.Core.Web;

/// <summary>
/// A password as it is kept: PBKDF2 with HMAC-SHA512 (RFC 8018). 210,000 iterations are what OWASP asks for at least (Password Storage
/// Cheat Sheet); docs/web.md has what one costs here.
/// </summary>
/// <param name="Iterations">Of the derivation; kept with the hash so that it can grow.</param>
/// <param name="Salt">16 random bytes.</param>
/// <param name="Hash">64 bytes.</param>
public sealed record PasswordHash(int Iterations, byte[] Salt, byte[] Hash)
{
    /// <summary>Iterations of new hashes.</summary>
    public const int NewIterations = 210_000;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltBytes = 16;

    /// <summary>Characters that a password has at least.</summary>
    public const int LengthMin = 12;

    /// <summary>Bytes that a request may make us derive from at most.</summary>
    public const int LengthMax = 1000;

    private const int HashBytes = 64;

    /// <summary>Hashes a new password.</summary>
    public static PasswordHash Of(string password, ReadOnlySpan<byte> salt) =>
        new(NewIterations, salt.ToArray(), Derive(password, salt, NewIterations));

    /// <summary>Whether it is this password, in a time that does not depend on how much of it is right.</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, Salt, Iterations), Hash);

    /// <summary>Never the hash.</summary>
    public override string ToString() => "password hash";

    private static byte[] Derive(string password, ReadOnlySpan<byte> salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, HashBytes);
}
