using System.Globalization;
using System.Text.Json;
using Hitless.Measures;

// The shape of a checkout, or of two side by side; --offences: what breaks a limit, as known.txt has it.
var (json, offences) = (args.Contains("--json"), args.Contains("--offences"));
var roots = args.Where(arg => !arg.StartsWith("--", StringComparison.Ordinal)).ToArray();
if (roots.Length is 0 or > 2)
{
    Console.Error.WriteLine("usage: hitless-measures [--json | --offences] ROOT [OTHER-ROOT]");
    return 2;
}

if (offences)
{
    Console.WriteLine(string.Join('\n', Shape.Offences(roots[0])));
    return 0;
}

var tables = roots.Select(Table.Of).ToArray();
if (json)
{
    Console.WriteLine(JsonSerializer.Serialize(tables));
    return 0;
}

Console.WriteLine(
    $"{"", -44} {string.Join("", roots.Select(root => $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root))), 14}"))}"
);
foreach (var name in tables.SelectMany(table => table.Select(row => row.Name)).Distinct(StringComparer.Ordinal))
{
    var rows = tables.Select(table => table.FirstOrDefault(row => row.Name == name)).ToArray();
    Console.WriteLine(
        $"{name, -44} {string.Join("", rows.Select(row => $"{row?.Value.ToString(CultureInfo.InvariantCulture) ?? "-", 14}"))}   {rows[^1]?.Where}"
    );
}

return 0;
