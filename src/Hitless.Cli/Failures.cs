using Hitless.Core.Api;

namespace Hitless.Cli;

/// <summary>What was asked was refused, by the unit or by this machine; exit code 1.</summary>
internal sealed class RefusedException(Refusal refusal, Exception? inner = null) : Exception(refusal.Error, inner)
{
    public RefusedException(string error, string remedy)
        : this(new Refusal(error, remedy)) { }

    public Refusal Refusal { get; } = refusal;
}

/// <summary>The unit's daemon does not answer, or ceased to; exit code 3.</summary>
internal sealed class UnreachableException(Refusal refusal, Exception inner) : Exception(refusal.Error, inner)
{
    public Refusal Refusal { get; } = refusal;
}

/// <summary>The command line itself is wrong in a way that the parser cannot see; exit code 2.</summary>
internal sealed class UsageException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;
}
