using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>What a unit answers to the question whether its machine can be rebooted by it (<see cref="RunStep.Reboot"/>).</summary>
public readonly record struct RebootAnswer(string? Word) : IWord<RebootAnswer>
{
    private static readonly RebootAnswer Yes = new("yes");
    private static readonly RebootAnswer No = new("no");
    private static readonly RebootAnswer Unknown = new("unknown");

    /// <summary>Whether it can; null: it does not know.</summary>
    public bool? Can =>
        this == Yes ? true
        : this == No ? false
        : null;

    /// <inheritdoc/>
    public static RebootAnswer Of(string? word) => new(word);

    /// <summary>The answer to give.</summary>
    public static RebootAnswer Of(bool? can) =>
        can switch
        {
            true => Yes,
            false => No,
            null => Unknown,
        };

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
