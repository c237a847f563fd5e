using System.Net;
using System.Net.Sockets;
using Hitless.Core.Web;

namespace Hitless.Web;

/// <summary>The command line of <c>hitless-web</c>.</summary>
internal sealed record WebArguments(
    string Secrets,
    string UnitSocket,
    string State,
    IReadOnlyList<IPEndPoint> Listen,
    string? Certificate,
    string? Key
)
{
    /// <summary>What is wrong is told with this.</summary>
    public const string Usage = """
        usage: hitless-web [OPTION…]
          --secrets FILE              users, tokens and keys (/etc/hitless/web.json; hitless web password makes it)
          --socket PATH               the unit's socket (/run/hitless/hitless.sock)
          --state DIR                 audit log, ended log-ins (/var/lib/hitless/web)
          --listen ADDRESS:PORT       may be given several times ([::]:8443, every address)
          --certificate FILE --key FILE   a TLS certificate (PEM) instead of the self-signed one
          --version
        """;

    /// <summary>Reads it; null: <see cref="Usage"/> is what to say.</summary>
    public static WebArguments? Parse(string[] words)
    {
        var read = new WebArguments(WebSecrets.DefaultPath, "/run/hitless/hitless.sock", "/var/lib/hitless/web", [], null, null);
        for (var i = 0; i < words.Length; i += 2)
        {
            if (i + 1 == words.Length)
            {
                return null;
            }

            var value = words[i + 1];
            switch (words[i])
            {
                case "--secrets":
                    read = read with { Secrets = value };
                    break;
                case "--socket":
                    read = read with { UnitSocket = value };
                    break;
                case "--state":
                    read = read with { State = value };
                    break;
                case "--certificate":
                    read = read with { Certificate = value };
                    break;
                case "--key":
                    read = read with { Key = value };
                    break;
                case "--listen" when IPEndPoint.TryParse(value, out var endPoint) && endPoint.Port > 0:
                    read = read with { Listen = [.. read.Listen, endPoint] };
                    break;
                default:
                    return null;
            }
        }

        return (read.Certificate is null) != (read.Key is null) ? null
            : read.Listen.Count > 0 ? read
            : read with { Listen = [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 8443)] };
    }
}
