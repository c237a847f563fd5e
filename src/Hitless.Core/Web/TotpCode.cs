using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hitless.Core.Web;

/// <summary>
/// Codes that an authenticator shows, a new one each 30 seconds: TOTP (RFC 6238) over HOTP (RFC 4226) with HMAC-SHA-1 and six digits, which
/// is what every authenticator knows.
/// </summary>
public static class TotpCode
{
    /// <summary>Bytes of a new secret: those of the hash (RFC 4226, section 4).</summary>
    public const int SecretBytes = 20;

    private const int Digits = 6;
    private const int StepSeconds = 30;
    private const string Base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The code of a step, which is 30 seconds long; step 0 began with 1970.</summary>
    public static string At(byte[] secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // SHA-1 as HMAC, where its collisions are of no use; RFC 6238 and the authenticators want it
        var hash = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue;
        return (number % (long)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>The step that a code is of: this one, or the one before or after it, for clocks differ; null: none.</summary>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now)
    {
        var given = Encoding.UTF8.GetBytes(code);
        var step = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (var each = step - 1; each <= step + 1; each++)
        {
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(At(secret, each))))
            {
                found = each;
            }
        }

        return found;
    }

    /// <summary>What an authenticator takes, as text or as the picture of it.</summary>
    public static string Uri(string cluster, string user, byte[] secret) =>
        $"otpauth://totp/{System.Uri.EscapeDataString($"Hitless {cluster}".TrimEnd())}:{user}?secret={Base32(secret)}&issuer="
        + System.Uri.EscapeDataString($"Hitless {cluster}".TrimEnd());

    /// <summary>Base32 (RFC 4648) without padding.</summary>
    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        var (value, bits) = (0, 0);
        foreach (var each in bytes)
        {
            (value, bits) = (((value << 8) | each) & 0xfff, bits + 8);
            for (; bits >= 5; bits -= 5)
            {
                text.Append(Base32Letters[(value >> (bits - 5)) & 31]);
            }
        }

        return bits > 0 ? text.Append(Base32Letters[(value << (5 - bits)) & 31]).ToString() : text.ToString();
    }
}
