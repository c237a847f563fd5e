using System.Globalization;
using System.Text;

namespace Hitless.Core.Importing;

/// <summary>What became of a statement.</summary>
public enum ImportOutcome
{
    /// <summary>It stands in unit.yaml.</summary>
    Taken,

    /// <summary>Hitless does the same without a setting, or by another name.</summary>
    Equal,

    /// <summary>Somebody has to decide, or to add what the file does not say.</summary>
    Decide,

    /// <summary>Hitless has nothing for it.</summary>
    Impossible,
}

/// <summary>One line of the report of an import.</summary>
/// <param name="Line">Where it stands; 0: nowhere, it is missing.</param>
/// <param name="Statement">As it stands there.</param>
/// <param name="Outcome">What became of it: taken, equal, decide, impossible.</param>
/// <param name="Text">By which name, or why not, and what to do.</param>
/// <param name="Source">The file that the line is of: keepalived.conf or conntrackd.conf.</param>
public sealed record ImportFinding(int Line, string Statement, string Outcome, string Text, string Source)
{
    /// <summary>The file that is imported.</summary>
    public const string First = "keepalived.conf";

    /// <summary>The one that may lie beside it.</summary>
    public const string Second = "conntrackd.conf";
}

/// <summary><c>import keepalived --json</c>.</summary>
public sealed record ImportResult(string UnitFile, IReadOnlyList<ImportFinding> Findings);

/// <summary>A unit.yaml that grows while a file is read.</summary>
internal sealed class ImportedUnit
{
    private readonly List<ImportFinding> _findings = [];
    private readonly HashSet<string> _linked = new(StringComparer.Ordinal);
    private readonly List<string> _interfaces = [];
    private readonly Dictionary<string, List<string>> _addresses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _monitor = new(StringComparer.Ordinal);

    public string Cluster { get; set; } = "edge";

    public int? Group { get; set; }

    public string Unit { get; set; } = "gw1";

    public int? Priority { get; set; }

    public bool Override { get; set; } = true;

    public List<string> Links { get; } = [];

    public List<string> Probes { get; } = [];

    public List<string> Rules { get; } = [];

    public List<string> Excluded { get; } = [];

    public Dictionary<string, string> Pickup { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Hooks { get; } = new(StringComparer.Ordinal);

    /// <summary>The file that is read now.</summary>
    public string Source { get; set; } = ImportFinding.First;

    /// <summary>What is missing first, then each file from its beginning.</summary>
    public IReadOnlyList<ImportFinding> Findings =>
        [
            .. _findings
                .OrderBy(each =>
                    each.Line == 0 ? 0
                    : each.Source == ImportFinding.First ? 1
                    : 2
                )
                .ThenBy(each => each.Line),
        ];

    public IReadOnlyList<string> Interfaces => _interfaces;

    public void Find(ConfigLine line, ImportOutcome outcome, string text) => Find(line.Line, $"{line}", outcome, text);

    public void Find(int line, string statement, ImportOutcome outcome, string text) =>
        _findings.Add(new ImportFinding(line, statement, outcome.ToString().ToLower(CultureInfo.InvariantCulture), text, Source));

    /// <summary>Whether a heartbeat link uses this interface.</summary>
    public bool IsLink(string port) => _linked.Contains(port);

    /// <summary>Another heartbeat link.</summary>
    public void AddLink(string port, string address, IEnumerable<string> peers)
    {
        _linked.Add(port);
        Links.Add($"{{ interface: {port}, address: {Quoted(address)}, peers: [{string.Join(", ", peers.Select(Quoted))}] }}");
    }

    public void AddAddress(string port, string prefix) => Add(_addresses, port, Quoted(prefix));

    public void AddRoute(string port, string route) => Add(_routes, port, route);

    public void Monitor(string port, bool on)
    {
        Port(port);
        _monitor[port] = on ? "true" : "false";
    }

    /// <summary>The file.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder("# Made by hitless import keepalived. What it says nothing of is in the report of the import.\n");
        text.Append(CultureInfo.InvariantCulture, $"cluster:\n  name: {Cluster}\n  group: {Group ?? 1}\n  key-file: cluster.key\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"unit:\n  name: {Unit}\n  priority: {Priority ?? 100}\n  override: {(Override ? "true" : "false")}\n"
        );
        Section(text, "heartbeat:\n  links:\n", Links, "    ");
        text.Append("interfaces:\n");
        foreach (var port in _interfaces)
        {
            var addresses = _addresses.TryGetValue(port, out var own) ? string.Join(", ", own) : "";
            text.Append(CultureInfo.InvariantCulture, $"  - name: {port}\n    virtual-addresses: [{addresses}]\n");
            text.Append(_monitor.TryGetValue(port, out var on) ? $"    monitor: {on}\n" : "");
            Section(text, "    routes:\n", _routes.GetValueOrDefault(port, []), "      ");
        }

        if (Pickup.Count + Excluded.Count > 0)
        {
            text.Append("sessions:\n");
            text.Append(
                Pickup.Count == 0 ? "" : $"  pickup: {{ {string.Join(", ", Pickup.Select(each => $"{each.Key}: {each.Value}"))} }}\n"
            );
            text.Append(Excluded.Count == 0 ? "" : $"  exclude: [{string.Join(", ", Excluded.Select(each => $"\"{each}\""))}]\n");
        }

        Section(text, "health:\n", Probes, "  ");
        Section(text, "forwarding:\n  rules:\n", Rules, "    ");
        if (Hooks.Count > 0)
        {
            text.Append("hooks:\n");
            foreach (var (name, command) in Hooks)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {name}: {Quoted(command)}\n");
            }
        }

        return text.Append("upgrade: { trust-file: trust.pem }\n").ToString();
    }

    /// <summary>A value that stays one scalar of YAML.</summary>
    public static string Quoted(string value) =>
        value.Length > 0 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '/')
            ? value
            : $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>A name as Hitless takes it, made of one that it does not.</summary>
    public static string Name(string wanted, string otherwise)
    {
        var name = new string([.. wanted.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]).Trim('-');
        return name.Length == 0 ? otherwise : name[..Math.Min(name.Length, 32)].Trim('-');
    }

    private static void Section(StringBuilder text, string heading, List<string> items, string indent)
    {
        if (items.Count > 0)
        {
            text.Append(heading);
            items.ForEach(item => text.Append(CultureInfo.InvariantCulture, $"{indent}- {item}\n"));
        }
    }

    private void Add(Dictionary<string, List<string>> lists, string port, string item)
    {
        Port(port);
        if (!lists.TryGetValue(port, out var list))
        {
            lists[port] = list = [];
        }

        if (!list.Contains(item))
        {
            list.Add(item);
        }
    }

    private void Port(string port)
    {
        if (!_interfaces.Contains(port))
        {
            _interfaces.Add(port);
        }
    }
}
