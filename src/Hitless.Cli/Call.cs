using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;

namespace Hitless.Cli;

/// <summary>One run of one command.</summary>
internal sealed class Call(ParseResult parsed, Screen screen, string socketPath, Patience patience, CancellationToken cancel) : IDisposable
{
    private UnitClient? _unit;

    public Screen Screen { get; } = screen;

    public Command Command => parsed.CommandResult.Command;

    public Patience Patience { get; } = patience;

    public CancellationToken Cancel { get; } = cancel;

    /// <summary>The unit that <c>--socket</c> names.</summary>
    public UnitClient Unit => _unit ??= new UnitClient(socketPath);

    /// <summary>Whether it stands on the command line, with a value or without.</summary>
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public T? Value<T>(Argument<T> argument) => parsed.GetValue(argument);

    public void Dispose() => _unit?.Dispose();
}
