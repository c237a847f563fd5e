using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>The one look of tables: no lines, dim headings, cells of plain text.</summary>
internal static class Tables
{
    public static Table Plain(params string[] headings)
    {
        var table = new Table().NoBorder();
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Markup($"[dim]{heading}[/]")) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }

    /// <summary>A row of plain text: nothing in it is markup.</summary>
    public static Table AddTexts(this Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
