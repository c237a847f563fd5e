using Hitless.Core.Api;

namespace Hitless.Daemon.Common;

/// <summary>
/// What was asked cannot be done now, and nothing has changed. Becomes HTTP 409 with the <see cref="Refusal"/>, and exit code 1 of the CLI.
/// </summary>
public class RefusedException(Refusal refusal, Exception? inner = null) : Exception(refusal.Error, inner)
{
    /// <summary>With a refusal of no kind of its own.</summary>
    public RefusedException(string error, string remedy, Exception? inner = null, string? detail = null)
        : this(new Refusal(error, remedy, detail), inner) { }

    /// <summary>One line: what to do next.</summary>
    public string Remedy => Refusal.Remedy;

    /// <summary>The refusal as it goes over the wire.</summary>
    public Refusal Refusal { get; } = refusal;
}
