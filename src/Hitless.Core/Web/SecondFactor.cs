using System.Security.Cryptography;
using System.Text;

namespace Hitless.Core.Web;

/// <summary>A code that was right. It counts once: <c>Value</c> is greater each time for the same <c>Key</c>.</summary>
public sealed record CodeUse(string Key, long Value);

/// <summary>
/// What a user has beside the password: the secret of an authenticator, which has to be kept as it is, and codes for when that is lost, of
/// which only the SHA-256 is kept.
/// </summary>
/// <param name="Secret">Of <see cref="TotpCode"/>.</param>
/// <param name="Recovery">Hashes of recovery codes.</param>
public sealed record SecondFactor(byte[] Secret, IReadOnlyList<byte[]> Recovery)
{
    /// <summary>Recovery codes of a new one.</summary>
    public const int RecoveryCount = 10;

    /// <summary>Random bytes of a recovery code: 80 bits have no pattern to guess.</summary>
    public const int RecoveryBytes = 10;

    /// <summary>How a recovery code is written: four groups of four letters and digits.</summary>
    public static string RecoveryText(ReadOnlySpan<byte> random) =>
        string.Join('-', TotpCode.Base32(random).Chunk(4).Select(group => new string(group)));

    /// <summary>How it is kept; dashes, spaces and the letters' case are nothing.</summary>
    public static byte[] Hash(string recovery) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(recovery.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant()));

    /// <summary>The use that is made of a code; null: it is wrong. Whether it was used before is for the caller to know.</summary>
    public CodeUse? Use(string code, DateTimeOffset now)
    {
        if (TotpCode.StepOf(Secret, code.Trim(), now) is { } step)
        {
            return new CodeUse($"totp-{Convert.ToHexStringLower(SHA256.HashData(Secret))[..16]}", step);
        }

        var hash = Hash(code);
        return Recovery.Any(each => CryptographicOperations.FixedTimeEquals(each, hash))
            ? new CodeUse($"recovery-{Convert.ToHexStringLower(hash)[..16]}", 1)
            : null;
    }

    /// <summary>Never the secrets.</summary>
    public override string ToString() => "second factor";
}
