using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>An operator's hold as people read it.</summary>
internal static class HoldWords
{
    /// <summary>"until it is released (new disk)", "for 1h59m more".</summary>
    public static string Of(HoldStatus hold) =>
        (hold.RemainingMs is { } left ? $"for {Words.Duration(left)} more" : "until it is released")
        + (hold.Reason.Length == 0 ? "" : $" ({hold.Reason})");
}
