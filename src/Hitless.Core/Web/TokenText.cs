using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Hitless.Core.Web;

/// <summary>
/// An API token as its owner holds it: <c>hitless_</c> and 32 random bytes in base64url. It has no pattern to guess, so a plain SHA-256
/// keeps it.
/// </summary>
public static class TokenText
{
    /// <summary>Random bytes of a token.</summary>
    public const int SecretBytes = 32;

    private const string Prefix = "hitless_";

    /// <summary>The text of a new token.</summary>
    public static string Of(ReadOnlySpan<byte> secret) => Prefix + Base64Url.EncodeToString(secret);

    /// <summary>What is kept of it.</summary>
    public static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The token whose text this is, if it is valid still. Every token is compared, whichever it is.</summary>
    public static WebToken? Find(IReadOnlyList<WebToken> tokens, string text, DateTimeOffset now)
    {
        var hash = Hash(text);
        WebToken? found = null;
        foreach (var token in tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(token.Hash, hash) && now < token.ExpiresAt)
            {
                found = token;
            }
        }

        return found;
    }
}
