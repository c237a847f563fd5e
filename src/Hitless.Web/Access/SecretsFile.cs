using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>
/// The file of users, tokens and keys, read again when it has changed: a commit on any unit brings a new one. A damaged one changes nothing
/// and is named in the log.
/// </summary>
internal sealed class SecretsFile : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private readonly string _path;
    private readonly X509Certificate2? _given;
    private readonly Lock _gate = new();
    private (DateTime Written, long Length) _seen;
    private long _lookedAt;
    private WebSecrets _current;
    private X509Certificate2 _own;

    private SecretsFile(string path, WebSecrets secrets, X509Certificate2 own, X509Certificate2? given)
    {
        (_path, _current, _own, _given) = (path, secrets, own, given);
        _seen = Seen(path);
        _lookedAt = Environment.TickCount64;
    }

    /// <summary>What the file says now.</summary>
    public WebSecrets Current
    {
        get
        {
            lock (_gate)
            {
                LookAgain();
                return _current;
            }
        }
    }

    /// <summary>The certificate that connections get: the given one, else the file's.</summary>
    public X509Certificate2 Certificate
    {
        get
        {
            lock (_gate)
            {
                LookAgain();
                return _given ?? _own;
            }
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="given">A certificate to use instead of its own; null: none.</param>
    /// <exception cref="InvalidDataException">It is not there or not usable; the message's second line is the remedy.</exception>
    public static SecretsFile Open(string path, X509Certificate2? given)
    {
        if (!File.Exists(path))
        {
            throw new InvalidDataException(
                $"{path} is not there: nobody could log in\nmake the first administrator: hitless web password admin"
            );
        }

        if (OperatingSystem.IsLinux() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            throw new InvalidDataException(
                $"{path} may be read or written by others\nchmod 600 {path}; then new passwords: hitless web password"
            );
        }

        return WebSecrets.TryRead(File.ReadAllBytes(path), out var secrets, out var error)
            ? new SecretsFile(path, secrets, Load(secrets), given)
            : throw new InvalidDataException(
                $"{path} cannot be used: {error}\ncopy it from another unit, or move it away and: hitless web password admin"
            );
    }

    public void Dispose()
    {
        _own.Dispose();
        _given?.Dispose();
    }

    private static X509Certificate2 Load(WebSecrets secrets) => X509Certificate2.CreateFromPem(secrets.Certificate, secrets.PrivateKey);

    private static (DateTime, long) Seen(string path) =>
        (File.GetLastWriteTimeUtc(path), new FileInfo(path) is { Exists: true } file ? file.Length : 0);

    private void LookAgain()
    {
        var now = Environment.TickCount64;
        if (now - _lookedAt < LookInterval.TotalMilliseconds)
        {
            return;
        }

        _lookedAt = now;
        try
        {
            var seen = Seen(_path);
            if (seen == _seen)
            {
                return;
            }

            _seen = seen;
            if (!WebSecrets.TryRead(File.ReadAllBytes(_path), out var secrets, out var error))
            {
                throw new InvalidDataException(error);
            }

            // The former certificate may be in use by a handshake: it is left to the collector.
            _own = secrets.Certificate == _current.Certificate ? _own : Load(secrets);
            _current = secrets;
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
                        or System.Security.Cryptography.CryptographicException
            )
        {
            Console.Error.WriteLine($"hitless-web: {_path} cannot be used, what was read before stays: {e.Message}");
        }
    }
}
