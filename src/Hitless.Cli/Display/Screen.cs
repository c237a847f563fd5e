using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>Where a command writes: the answer to standard output, refusals to standard error.</summary>
internal sealed class Screen(TextWriter output, TextWriter error, bool isTerminal)
{
    // Wide enough that nothing wraps in a file or pipe.
    private const int UnlimitedWidth = 400;
    private IAnsiConsole? _console;

    /// <summary>The screen of this process.</summary>
    public static Screen OfProcess() => new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected);

    public bool IsTerminal { get; } = isTerminal;

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>Set by <c>--json</c>: exactly one document goes to standard output.</summary>
    public bool Json { get; set; }

    /// <summary>Tables, colours and progress; made when first used, for it costs start-up time.</summary>
    public IAnsiConsole Console => _console ??= MakeConsole();

    public void Line(string text) => Output.WriteLine(text);

    /// <summary>The answer of a command: the document with <c>--json</c>, else what <paramref name="render"/> writes.</summary>
    public void Show<T>(T answer, JsonTypeInfo<T> type, Action<T> render)
    {
        if (Json)
        {
            Document(answer, type);
        }
        else
        {
            render(answer);
        }
    }

    public void Document<T>(T answer, JsonTypeInfo<T> type) => Output.WriteLine(JsonSerializer.Serialize(answer, type));

    /// <summary>The reason on one line, then the remedy, then what more there is, on standard error.</summary>
    public void Complain(Refusal refusal)
    {
        Error.WriteLine($"hitless: {refusal.Error}");
        Error.WriteLine($"  {refusal.Remedy}");
        if (refusal.Detail is { } detail)
        {
            Error.WriteLine(detail.TrimEnd('\n'));
        }
    }

    /// <summary>A refusal instead of an answer; it is the one document with <c>--json</c>.</summary>
    public void Refuse(Refusal refusal)
    {
        Complain(refusal);
        if (Json)
        {
            Document(refusal, CliJson.Api.Refusal);
        }
    }

    private IAnsiConsole MakeConsole()
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(Output),
                Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
                ColorSystem = IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
                Interactive = IsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            }
        );
        if (!IsTerminal)
        {
            console.Profile.Width = UnlimitedWidth;
        }

        return console;
    }
}
