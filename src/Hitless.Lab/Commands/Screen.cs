using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary>Where tables go: colours and the terminal's width on a terminal, plain text of a fixed width elsewhere.</summary>
public static class Screen
{
    private const int PlainWidth = 140;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Out { get; } = Make();

    private static IAnsiConsole Make()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        plain.Profile.Width = PlainWidth;
        return plain;
    }
}
