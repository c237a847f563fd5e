namespace Hitless.Cli.Client;

/// <summary>
/// How long to wait for a unit that went away while one follows it: an upgrade restarts the very daemon that tells of it.
/// </summary>
/// <param name="Unreachable">The longest time without any answer.</param>
/// <param name="Between">Between two tries.</param>
internal sealed record Patience(TimeSpan Unreachable, TimeSpan Between)
{
    public static Patience Ordinary { get; } = new(TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(500));
}
