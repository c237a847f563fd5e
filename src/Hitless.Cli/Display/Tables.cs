using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>
/// The one look of tables: no lines, dim headings, cells of plain text; where the screen is too narrow, the last column is written in
/// several lines.
/// </summary>
internal static class Tables
{
    public static Table Plain(params string[] headings)
    {
        var table = new Table().NoBorder();
        for (var i = 0; i < headings.Length; i++)
        {
            table.AddColumn(
                new TableColumn(new Markup($"[dim]{headings[i]}[/]"))
                {
                    NoWrap = i < headings.Length - 1,
                    Padding = new Padding(0, 0, 2, 0),
                }
            );
        }

        return table;
    }

    /// <summary>A row of plain text: nothing in it is markup.</summary>
    public static Table AddTexts(this Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
