using Hitless.Cli.Display;

namespace Hitless.Cli.Setup;

/// <summary>Asks for what the command line does not say, where somebody is there to answer.</summary>
internal sealed class Questions(Screen screen)
{
    private readonly bool _somebody = screen is { IsTerminal: true, Json: false } && !Console.IsInputRedirected;

    /// <summary>A line of text.</summary>
    public string Text(string what, string? given, string proposed) =>
        given ?? (_somebody && Ask($"{what} [{proposed}]: ") is { Length: > 0 } answer ? answer : proposed);

    /// <summary>One of the machine's interfaces.</summary>
    /// <exception cref="UsageException">Nothing is given, and nobody is there.</exception>
    public MachineInterface Choose(string what, string option, string? given, IReadOnlyList<MachineInterface> interfaces)
    {
        if (given is null && _somebody)
        {
            Show(interfaces);
            given = Ask($"{what}: ");
        }

        return interfaces.FirstOrDefault(each => each.Name == given)
            ?? throw (
                given is null
                    ? Missing(what, option, interfaces)
                    : new RefusedException($"there is no interface {given}", $"this machine has {Names(interfaces)}")
            );
    }

    /// <summary>Several, each on a line of its own; an empty one ends them.</summary>
    /// <exception cref="UsageException">Nothing is given, and nobody is there.</exception>
    public IReadOnlyList<string> List(string what, string option, IReadOnlyList<string> given, IReadOnlyList<MachineInterface> interfaces)
    {
        var answers = new List<string>(given);
        if (answers.Count == 0 && _somebody)
        {
            while (Ask($"{what}{(answers.Count == 0 ? "" : " (empty: no more)")}: ") is { Length: > 0 } answer)
            {
                answers.Add(answer);
            }
        }

        return answers.Count > 0 ? answers : throw Missing(what, option, interfaces);
    }

    /// <summary>Yes or no; where nobody is there to answer, yes: what it costs has been said.</summary>
    public bool Confirm(string question) => !_somebody || Ask($"{question} [y/N] ") is "y" or "Y" or "yes";

    private static UsageException Missing(string what, string option, IReadOnlyList<MachineInterface> interfaces) =>
        new($"{what}: give {option}", $"this machine has {Names(interfaces)}");

    private static string Names(IReadOnlyList<MachineInterface> interfaces) => string.Join("; ", interfaces);

    private void Show(IReadOnlyList<MachineInterface> interfaces)
    {
        foreach (var each in interfaces)
        {
            screen.Error.WriteLine($"  {each}");
        }
    }

    private string Ask(string question)
    {
        screen.Error.Write(question);
        return Console.In.ReadLine()?.Trim() ?? "";
    }
}
