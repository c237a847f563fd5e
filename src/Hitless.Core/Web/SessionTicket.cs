using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Hitless.Core.Web;

/// <summary>
/// A log-in as the browser's cookie carries it: signed, without a table behind it, so that any unit with the same key takes it. It ends
/// after <see cref="Lifetime"/>, when the user's stamp changes (a new password, a removed user), or when its id is logged out.
/// </summary>
/// <param name="User">Name of the user.</param>
/// <param name="Stamp">The user's stamp when the log-in was made.</param>
/// <param name="Id">Random; names the log-in when it is ended.</param>
/// <param name="IssuedAt">Whole seconds.</param>
public sealed record SessionTicket(string User, long Stamp, Guid Id, DateTimeOffset IssuedAt)
{
    /// <summary>How long a log-in is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    // version 1, id 16, stamp 8, issued 8 (seconds since 1970), then the name in UTF-8; then HMAC-SHA256 over all of it.
    private const byte Version = 1;
    private const int HeadBytes = 33;
    private const int NameBytesMax = 64;
    private const int TagBytes = HMACSHA256.HashSizeInBytes;
    private const int TextMax = (HeadBytes + NameBytesMax + TagBytes) * 4 / 3 + 4;

    // Units' clocks may differ a little.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>The cookie's value: base64url.</summary>
    public string Seal(byte[] key)
    {
        var name = Encoding.UTF8.GetBytes(User);
        var bytes = new byte[HeadBytes + name.Length + TagBytes];
        bytes[0] = Version;
        Id.TryWriteBytes(bytes.AsSpan(1));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(17), Stamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(25), IssuedAt.ToUnixTimeSeconds());
        name.CopyTo(bytes, HeadBytes);
        HMACSHA256.HashData(Derive(key), bytes.AsSpan(..^TagBytes), bytes.AsSpan(^TagBytes..));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a cookie's value; null: it is none of ours, was changed, or is too old.</summary>
    public static SessionTicket? Open(string text, byte[] key, DateTimeOffset now)
    {
        if (text.Length > TextMax || !Base64Url.IsValid(text, out var length) || length < HeadBytes + TagBytes)
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        Span<byte> tag = stackalloc byte[TagBytes];
        HMACSHA256.HashData(Derive(key), bytes.AsSpan(..^TagBytes), tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, bytes.AsSpan(^TagBytes..)) || bytes[0] != Version)
        {
            return null;
        }

        var ticket = new SessionTicket(
            Encoding.UTF8.GetString(bytes.AsSpan(HeadBytes..^TagBytes)),
            BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(17)),
            new Guid(bytes.AsSpan(1, 16)),
            DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(25)))
        );
        return now < ticket.IssuedAt + Lifetime && now > ticket.IssuedAt - ClockTolerance ? ticket : null;
    }

    private static byte[] Derive(byte[] key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, WebSecrets.KeyBytes, info: "hitless web session v1"u8.ToArray());
}
