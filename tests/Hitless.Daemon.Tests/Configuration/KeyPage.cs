using System.Text;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>docs/configuration.md: every key of unit.yaml, as the table of keys has it.</summary>
internal static class KeyPage
{
    private const string Beginning = """
        # The configuration, key by key

        `/etc/hitless/unit.yaml` has all of it. A section that stands in `cluster.yaml` (`hitless config edit cluster.yaml`) replaces that
        section of every unit's `unit.yaml`, whole; `cluster`, `unit` and `heartbeat` stay in `unit.yaml`. Editors complete and check both
        by [unit.schema.json](unit.schema.json) and [cluster.schema.json](cluster.schema.json).

        *Unit*: the key is this unit's own and never travels. *Must*: there is no default. `[]` stands for each entry of a list.
        This page is made from the table of keys (`UnitKeys`): change it there, then run the test of `KeyPageTests` with `HITLESS_WRITE=1`.

        """;

    /// <summary>The whole page.</summary>
    public static string Make()
    {
        var page = new StringBuilder(Beginning);
        foreach (var section in UnitKeys.Root.Keys)
        {
            page.Append('\n').Append("## ").Append(section.Name).Append("\n\n").Append(Cell(section.About)).Append("\n\n");
            page.Append("| key | value | default | what it does |\n| --- | --- | --- | --- |\n");
            Rows(page, section.Shape, section.Name);
        }

        return page.ToString();
    }

    // One row for each key; of a list or a map, its items'.
    private static void Rows(StringBuilder page, Shape shape, string path)
    {
        switch (shape)
        {
            case SectionShape section:
                foreach (var key in section.Keys)
                {
                    Row(page, key, $"{path}.{key.Name}");
                }

                break;
            case ListShape { Item: SectionShape item }:
                Rows(page, item, path + "[]");
                break;
            default:
                break;
        }
    }

    private static void Row(StringBuilder page, Key key, string path)
    {
        var local = UnitKeys.IsUnitLocal(path.Replace("[]", "[0]", StringComparison.Ordinal)) ? "*Unit.* " : "";
        var value = key.Shape switch
        {
            SectionShape => "keys below",
            ListShape { Item: SectionShape, CountMin: var min, CountMax: var max } => $"a list of {min} to {max}, keys below",
            ListShape { CountMin: var min, CountMax: var max } list => $"a list of {min} to {max}, each {list.Item.Expected}",
            var other => other.Expected,
        };
        var standard = key switch
        {
            { Mandatory: true } => "*Must*",
            { Default: { } text } => $"`{text}`",
            _ => "",
        };
        page.Append($"| `{path}` | {Cell(value)} | {standard} | {local}{Cell(key.About)} |\n");
        Rows(page, key.Shape, path);
    }

    private static string Cell(string text) =>
        text.Replace("|", "\\|", StringComparison.Ordinal).Replace("{{", "\\{\\{", StringComparison.Ordinal);
}
