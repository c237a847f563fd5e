using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Hitless.Core.Joining;

/// <summary>
/// What <c>hitless invite</c> prints and <c>hitless join</c> is given: where the inviting unit listens, the beginning of its certificate's
/// SHA-256 (so that no other machine can answer in its place), and a secret that is valid once. As text:
/// <c>10.10.9.1:8420/ABCDEFGH-ABCDEFGH-ABCDEFGH-ABCDEFGH</c>, with the digits of Crockford's base 32.
/// </summary>
/// <param name="EndPoint">Address and TCP port.</param>
/// <param name="Fingerprint">The first <see cref="PartBytes"/> of the SHA-256 of the certificate (DER).</param>
/// <param name="Secret"><see cref="PartBytes"/> of chance.</param>
public sealed record InvitationCode(IPEndPoint EndPoint, byte[] Fingerprint, byte[] Secret)
{
    /// <summary>Bytes of each of the two parts: eighty bits cannot be guessed in the minutes that a code is valid.</summary>
    public const int PartBytes = 10;

    /// <summary>Invitations are listened for so far above the port of heartbeats: sessions and the units' API are between.</summary>
    public const int PortsAboveHeartbeats = 3;

    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int DigitBits = 5;
    private const int GroupDigits = 8;
    private const int AllDigits = PartBytes * 2 * 8 / DigitBits;

    /// <summary>The secret as it goes over the wire.</summary>
    public string SecretText => Convert.ToHexStringLower(Secret);

    /// <summary>Reads a code; letters may be small, O is 0, I and L are 1, and dashes may be missing.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out InvitationCode? code)
    {
        code = null;
        if (
            text.Trim().Split('/') is not [var where, var digits]
            || !IPEndPoint.TryParse(where, out var endPoint)
            || endPoint.Port == 0
            || !TryReadDigits(digits, out var bytes)
        )
        {
            return false;
        }

        code = new InvitationCode(endPoint, bytes[..PartBytes], bytes[PartBytes..]);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder($"{EndPoint}/");
        var (bits, held, digits) = (0u, 0, 0);
        foreach (var part in (byte[])[.. Fingerprint, .. Secret])
        {
            (bits, held) = ((bits << 8) | part, held + 8);
            for (; held >= DigitBits; held -= DigitBits, digits++)
            {
                if (digits > 0 && digits % GroupDigits == 0)
                {
                    text.Append('-');
                }

                text.Append(Digits[(int)((bits >> (held - DigitBits)) & 31)]);
            }
        }

        return text.ToString();
    }

    private static bool TryReadDigits(string text, out byte[] bytes)
    {
        var (read, filled, bits, held) = (0, 0, 0u, 0);
        bytes = new byte[PartBytes * 2];
        foreach (var letter in text)
        {
            if (letter == '-')
            {
                continue;
            }

            var value = Digits.IndexOf(
                char.ToUpperInvariant(letter) switch
                {
                    'O' => '0',
                    'I' or 'L' => '1',
                    var other => other,
                }
            );
            if (value < 0 || ++read > AllDigits)
            {
                return false;
            }

            (bits, held) = ((bits << DigitBits) | (uint)value, held + DigitBits);
            if (held >= 8)
            {
                bytes[filled++] = (byte)(bits >> (held - 8));
                held -= 8;
            }
        }

        return read == AllDigits;
    }
}
