using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Web;

/// <summary>
/// The file of the web manager, for root alone and the same on every unit: who may log in, and the keys that make a log-in and the
/// certificate of one unit those of every unit.
/// </summary>
/// <param name="Format">1.</param>
/// <param name="SessionKey">32 random bytes, the HMAC key of <see cref="SessionTicket"/>.</param>
/// <param name="Certificate">The TLS certificate, PEM.</param>
/// <param name="PrivateKey">Its key, PEM (PKCS#8).</param>
/// <param name="Users">Local users, in the order of their making.</param>
/// <param name="Tokens">API tokens.</param>
public sealed record WebSecrets(
    int Format,
    byte[] SessionKey,
    string Certificate,
    string PrivateKey,
    IReadOnlyList<WebUser> Users,
    IReadOnlyList<WebToken> Tokens
)
{
    /// <summary>Where it lies unless told otherwise.</summary>
    public const string DefaultPath = "/etc/hitless/web.json";

    /// <summary>The format that is written.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Bytes of <see cref="SessionKey"/>.</summary>
    public const int KeyBytes = 32;

    /// <summary>Letters, digits, dot, dash, underscore; 1 to 32 of them.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 32 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');

    /// <summary>Reads the file's bytes; <paramref name="error"/> says what is wrong with them.</summary>
    public static bool TryRead(ReadOnlySpan<byte> file, [NotNullWhen(true)] out WebSecrets? secrets, [NotNullWhen(false)] out string? error)
    {
        (secrets, error) = (null, null);
        try
        {
            var read = JsonSerializer.Deserialize(file, WebJson.Default.WebSecrets);
            error = read switch
            {
                null or { SessionKey: null } or { Users: null } or { Tokens: null } or { Certificate: null } or { PrivateKey: null } =>
                    "a part is missing",
                { Users: var users } when users.Any(user => user?.Factor is { Secret: null } or { Recovery: null }) =>
                    "a part of a second factor is missing",
                { Format: not CurrentFormat } => $"its format {read.Format} is not known to this version",
                { SessionKey.Length: not KeyBytes } => $"its session key has not {KeyBytes} bytes",
                _ => null,
            };
            secrets = error is null ? read : null;
        }
        catch (JsonException damaged)
        {
            error = damaged.Message.ReplaceLineEndings(" ");
        }

        return secrets is not null;
    }

    /// <summary>The bytes to write.</summary>
    public byte[] ToFile() => JsonSerializer.SerializeToUtf8Bytes(this, WebJson.Default.WebSecrets);

    /// <summary>With this user instead of the one of the same name, or beside the others.</summary>
    public WebSecrets With(WebUser user) => this with { Users = [.. Users.Where(each => each.Name != user.Name), user] };

    /// <summary>With this token instead of the one of the same name, or beside the others.</summary>
    public WebSecrets With(WebToken token) => this with { Tokens = [.. Tokens.Where(each => each.Name != token.Name), token] };

    /// <summary>Without the user and the token of that name.</summary>
    public WebSecrets Without(string name) =>
        this with
        {
            Users = [.. Users.Where(each => each.Name != name)],
            Tokens = [.. Tokens.Where(each => each.Name != name)],
        };

    /// <summary>Never the secrets.</summary>
    public override string ToString() => "web secrets";
}

/// <summary>
/// A local user. <c>Stamp</c>: 8 random bytes, new with each new password or second factor, which ends every log-in that was made before.
/// <c>Factor</c> null: the password is enough.
/// </summary>
public sealed record WebUser(string Name, WebRole Role, PasswordHash Password, long Stamp, SecondFactor? Factor = null);

/// <summary>A named API token, of which only the SHA-256 is kept.</summary>
public sealed record WebToken(string Name, WebRole Role, byte[] Hash, DateTimeOffset ExpiresAt);

/// <summary>The JSON of this folder's records: camelCase, source-generated.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata, WriteIndented = true)]
[JsonSerializable(typeof(WebSecrets))]
public sealed partial class WebJson : JsonSerializerContext;
