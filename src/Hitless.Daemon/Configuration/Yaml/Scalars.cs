using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hitless.Core.Balance;
using Hitless.Core.Forwarding;
using Hitless.Core.Sessions;
using Route = Hitless.Core.Forwarding.Route;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>The kinds of scalar that unit.yaml knows.</summary>
public static partial class Scalars
{
    /// <summary>
    /// A word that matches <paramref name="pattern"/> (whose <c>$</c> would also let one newline pass: JSON Schema has no <c>\z</c>).
    /// </summary>
    public static ScalarShape Word(string expected, Regex pattern) =>
        new(
            expected,
            (string text, bool _, out string? wrong) =>
            {
                wrong = null;
                return pattern.IsMatch(text) && !text.EndsWith('\n') ? text : null;
            },
            () => new JsonObject { ["type"] = "string", ["pattern"] = pattern.ToString() }
        );

    /// <summary>One of a few words.</summary>
    public static ScalarShape Choice(params string[] words) =>
        new(
            string.Join(" or ", words),
            (string text, bool _, out string? wrong) =>
            {
                var near = Spelling.Nearest(text, words);
                wrong = near is null ? null : $"is not valid (did you mean \"{near}\"?)";
                return words.Contains(text) ? text : null;
            },
            () => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. words.Select(w => JsonValue.Create(w))]) }
        );

    /// <summary>A schedule of load balancing.</summary>
    public static ScalarShape Schedule { get; } =
        new(
            string.Join(" or ", BalanceSchedules.Names),
            (string text, bool _, out string? wrong) => BalanceSchedules.TryParse(text, out var schedule, out wrong) ? schedule : null,
            () =>
                new JsonObject
                {
                    ["type"] = "string",
                    ["enum"] = new JsonArray([.. BalanceSchedules.Names.Select(name => JsonValue.Create(name))]),
                }
        );

    /// <summary>Any one-line text of 1 to <paramref name="lengthMax"/> characters.</summary>
    public static ScalarShape Line(string expected, int lengthMax) =>
        new(
            expected,
            (string text, bool _, out string? wrong) =>
            {
                wrong =
                    text.Length == 0 ? "is empty"
                    : text.Length > lengthMax ? $"is longer than {lengthMax} characters"
                    : "is not one line of text";
                return text.Length is 0 || text.Length > lengthMax || text.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ? null : text;
            },
            () =>
                new JsonObject
                {
                    ["type"] = "string",
                    ["minLength"] = 1,
                    ["maxLength"] = lengthMax,
                }
        );

    /// <summary><c>true</c> or <c>false</c>, without quotes.</summary>
    public static ScalarShape Boolean { get; } =
        new(
            "true or false",
            (string text, bool plain, out string? wrong) =>
            {
                wrong = plain ? null : "is in quotes";
                return !plain
                    ? null
                    : text switch
                    {
                        "true" => true,
                        "false" => false,
                        _ => null,
                    };
            },
            () => new JsonObject { ["type"] = "boolean" }
        );

    /// <summary>A whole number, without quotes.</summary>
    public static ScalarShape Integer(int min, int max) =>
        new(
            $"a whole number from {min} to {max}",
            (string text, bool plain, out string? wrong) =>
            {
                var isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
                wrong =
                    !plain ? "is in quotes"
                    : isNumber ? "is out of range"
                    : "is not a whole number";
                return plain && isNumber && value >= min && value <= max ? value : null;
            },
            () =>
                new JsonObject
                {
                    ["type"] = "integer",
                    ["minimum"] = min,
                    ["maximum"] = max,
                }
        );

    /// <summary>A share from 0 to 1.</summary>
    public static ScalarShape Share { get; } =
        new(
            "a share from 0 to 1, such as 0.01",
            (string text, bool plain, out string? wrong) =>
            {
                var isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value);
                wrong =
                    !plain ? "is in quotes"
                    : isNumber ? "is out of range"
                    : "is not a number";
                return plain && isNumber && value is >= 0 and <= 1 ? value : null;
            },
            () =>
                new JsonObject
                {
                    ["type"] = "number",
                    ["minimum"] = 0,
                    ["maximum"] = 1,
                }
        );

    /// <summary>A number with its unit: <c>20ms</c>, <c>10s</c>, <c>5m</c>, <c>1h</c>.</summary>
    public static ScalarShape Duration(TimeSpan min, TimeSpan max) =>
        new(
            $"a duration from {Format(min)} to {Format(max)}",
            (string text, bool _, out string? wrong) =>
            {
                if (!DurationPattern().IsMatch(text) || text.EndsWith('\n'))
                {
                    wrong = long.TryParse(text, out var _) ? "has no unit (ms, s, m, h)" : "is not a duration such as 20ms, 10s, 5m or 1h";
                    return null;
                }

                wrong = "is out of range";
                var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
                var milliseconds = long.Parse(text.AsSpan(0, digits)) * MillisecondsOf(text[digits..]);
                return milliseconds >= min.TotalMilliseconds && milliseconds <= max.TotalMilliseconds
                    ? TimeSpan.FromMilliseconds(milliseconds)
                    : null;
            },
            () => new JsonObject { ["type"] = "string", ["pattern"] = DurationPattern().ToString() }
        );

    /// <summary>An IPv4 or IPv6 address of one host.</summary>
    public static ScalarShape Address { get; } =
        new(
            "an IP address such as 10.10.9.1 or fd00:9::1",
            (string text, bool _, out string? wrong) => HostAddress(text, out wrong),
            () => new JsonObject { ["type"] = "string", ["anyOf"] = Formats("ipv4", "ipv6") }
        );

    /// <summary>An address with a port.</summary>
    public static ScalarShape Service { get; } =
        new(
            "an address and port such as 10.10.2.10:443 or [fd00:2::10]:443",
            (string text, bool _, out string? wrong) =>
            {
                wrong = "is not an address with a port";
                return
                    text.Contains(':', StringComparison.Ordinal)
                    && IPEndPoint.TryParse(text, out var service)
                    && service.Port > 0
                    && HostAddress(service.Address.ToString(), out wrong) is not null
                    ? service
                    : null;
            },
            () => new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9a-fA-F.:\\[\\]]+:[0-9]{1,5}$" }
        );

    /// <summary>A page of a web server.</summary>
    public static ScalarShape Page { get; } =
        new(
            "a page such as http://10.10.2.10/health",
            (string text, bool _, out string? wrong) =>
            {
                wrong = "is not the address of a page";
                return Uri.TryCreate(text, UriKind.Absolute, out var page) && page.Scheme is "http" or "https" && page.UserInfo.Length == 0
                    ? page
                    : null;
            },
            () =>
                new JsonObject
                {
                    ["type"] = "string",
                    ["format"] = "uri",
                    ["pattern"] = "^https?://",
                }
        );

    /// <summary>Where a feed is: an address, or the absolute path of a file.</summary>
    public static ScalarShape Feed { get; } =
        new(
            "an address such as https://updates.example.org/hitless.feed, or the absolute path of a file",
            (string text, bool _, out string? wrong) =>
            {
                wrong = "is neither an address nor an absolute path";
                return
                    text.Length <= 1024
                    && !text.Any(char.IsControl)
                    && (
                        text.StartsWith('/')
                        || (
                            Uri.TryCreate(text, UriKind.Absolute, out var page)
                            && page.Scheme is "http" or "https"
                            && page.UserInfo.Length == 0
                        )
                    )
                    ? text
                    : null;
            },
            () =>
                new JsonObject
                {
                    ["type"] = "string",
                    ["pattern"] = "^(https?://|/)",
                    ["maxLength"] = 1024,
                }
        );

    /// <summary>Which sessions are meant.</summary>
    public static ScalarShape Sessions { get; } =
        new(
            "words of nftables' such as \"tcp dport 5432\" or \"ip saddr 10.1.0.0/16 udp dport { 53, 5060-5069 }\"",
            (string text, bool _, out string? wrong) =>
            {
                var isRead = SessionExpression.TryParse(text, out var expression, out var wrongAt);
                wrong = isRead ? null : $"is not understood at {wrongAt}";
                return expression;
            },
            () => new JsonObject { ["type"] = "string", ["minLength"] = 1 }
        );

    /// <summary>An address with the length of its prefix.</summary>
    public static ScalarShape Prefix { get; } =
        new(
            "an address with its prefix length such as 10.10.1.1/24 or fd00:1::1/64",
            (string text, bool _, out string? wrong) => PrefixOf(text, out wrong),
            () => new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9a-fA-F.:]+/[0-9]{1,3}$" }
        );

    /// <summary>
    /// A network, in which nothing stands behind the prefix: an <see cref="AddressPrefix"/>, or the word <c>default</c> for that of either
    /// family.
    /// </summary>
    public static ScalarShape Network { get; } =
        new(
            "default or a network such as 192.0.2.0/24 or fd00:9::/48",
            (string text, bool _, out string? wrong) => NetworkIn(text, out wrong),
            () => new JsonObject { ["type"] = "string", ["pattern"] = "^(default|[0-9a-fA-F.:]+/[0-9]{1,3})$" }
        );

    /// <summary>A routing table: <c>main</c>, <c>default</c> or a number; its value is the number.</summary>
    public static ScalarShape Table { get; } =
        new(
            "main, default or the number of a table from 1 to 4294967295 (not 255, the kernel's own of local addresses)",
            (string text, bool _, out string? wrong) =>
            {
                wrong = null;
                return text switch
                {
                    "main" => Route.MainTable,
                    "default" => Route.DefaultTable,
                    _ when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                            && number is not (0 or 255) => number,
                    _ => null,
                };
            },
            () => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = "^(main|default|[1-9][0-9]{0,9})$" }
        );

    /// <summary>The shortest form: <c>5m</c>, <c>20ms</c>.</summary>
    public static string Format(TimeSpan duration) =>
        (long)duration.TotalMilliseconds switch
        {
            0 => "0s",
            var ms when ms % 3_600_000 == 0 => $"{ms / 3_600_000}h",
            var ms when ms % 60_000 == 0 => $"{ms / 60_000}m",
            var ms when ms % 1000 == 0 => $"{ms / 1000}s",
            var ms => $"{ms}ms",
        };

    private static long MillisecondsOf(string unit) =>
        unit switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            _ => 3_600_000,
        };

    private static IPAddress? HostAddress(string text, out string? wrong)
    {
        wrong = "is not an IP address";
        // IPAddress.TryParse also takes "1", "0x7f.1", "[::1]" and scopes; operators who write those mean something else.
        var isV4 = V4Pattern().IsMatch(text);
        if ((!isV4 && !V6Pattern().IsMatch(text)) || !IPAddress.TryParse(text, out var address))
        {
            return null;
        }

        wrong = "is not the address of one host";
        var first = address.GetAddressBytes()[0];
        var notHost =
            address.Equals(IPAddress.Any)
            || address.Equals(IPAddress.IPv6Any)
            || address.IsIPv4MappedToIPv6
            || (isV4 ? first >= 224 || first == 0 : address.IsIPv6Multicast);
        return notHost ? null : address;
    }

    private static object? PrefixOf(string text, out string? wrong)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            wrong = "has no prefix length";
            return null;
        }

        if (HostAddress(text[..slash], out wrong) is not { } address)
        {
            return null;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (
            !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length < 1
            || length > bits
        )
        {
            wrong = $"has a prefix length outside 1 to {bits}";
            return null;
        }

        wrong = "is the network, not an address in it";
        return length < bits - 1 && NetworkOf(address, length).Equals(address) ? null : new AddressPrefix(address, length);
    }

    private static object? NetworkIn(string text, out string? wrong)
    {
        wrong = "is not a network";
        if (text == "default")
        {
            return text;
        }

        if (
            text.Split('/') is not [var words, var lengthText]
            || (!V4Pattern().IsMatch(words) && !V6Pattern().IsMatch(words))
            || !IPAddress.TryParse(words, out var address)
            || !int.TryParse(lengthText, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        )
        {
            return null;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        wrong =
            length > bits ? $"has a prefix length outside 0 to {bits}"
            : address.IsIPv6Multicast || address.IsIPv6LinkLocal || (bits == 32 && address.GetAddressBytes()[0] >= 224)
                ? "is no network that can be routed"
            : !NetworkOf(address, length).Equals(address)
                ? $"has bits behind its prefix length (did you mean {NetworkOf(address, length)}/{length}?)"
            : null;
        return wrong is null ? new AddressPrefix(address, length) : null;
    }

    private static IPAddress NetworkOf(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static JsonArray Formats(params string[] formats) => new([.. formats.Select(f => new JsonObject { ["format"] = f })]);

    [GeneratedRegex("^[0-9]{1,9}(ms|s|m|h)$", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^([0-9]{1,3}\.){3}[0-9]{1,3}$", RegexOptions.ExplicitCapture)]
    private static partial Regex V4Pattern();

    [GeneratedRegex(@"^[0-9a-fA-F.]*:[0-9a-fA-F:.]*$", RegexOptions.ExplicitCapture)]
    private static partial Regex V6Pattern();
}
