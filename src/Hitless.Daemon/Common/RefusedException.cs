using Hitless.Core.Api;

namespace Hitless.Daemon.Common;

/// <summary>
/// What was asked cannot be done now, and nothing has changed. Becomes HTTP 409 with the <see cref="Refusal"/>, and exit code 1 of the CLI.
/// </summary>
public class RefusedException(string error, string remedy, Exception? inner = null, string? detail = null) : Exception(error, inner)
{
    /// <summary>With a refusal that somebody else made.</summary>
    public RefusedException(Refusal refusal, Exception? inner = null)
        : this(refusal.Error, refusal.Remedy, inner, refusal.Detail) { }

    /// <summary>One line: what to do next.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>The refusal as it goes over the wire.</summary>
    public Refusal Refusal => new(Message, Remedy, detail);
}
