using Hitless.Core.Cluster;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Balance;

/// <summary>What a unit said, and when.</summary>
internal sealed class BalanceAnswer(CarryAnswer said)
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);
    private readonly TimeSpan at = MonotonicClock.Now;
    private volatile bool expired;

    public CarryAnswer Said => said;

    /// <summary>Its own MACs, by interface.</summary>
    public IReadOnlyDictionary<string, MacAddress> Macs { get; } =
        said
            .Macs.Select(each => (each.Key, Ok: MacAddress.TryParse(each.Value, out var mac), Mac: mac))
            .Where(each => each.Ok)
            .ToDictionary(each => each.Key, each => each.Mac, StringComparer.Ordinal);

    /// <summary>Changes when a MAC does.</summary>
    public string Print { get; } =
        string.Join(' ', said.Macs.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Key}={each.Value}"));

    /// <summary>It is to be asked again.</summary>
    public bool IsDue => expired || MonotonicClock.Now >= at + AskInterval;

    /// <summary>It says nothing of now any more.</summary>
    public bool IsOld => MonotonicClock.Now >= at + AnswerMax;

    /// <summary>It does not know yet who carries.</summary>
    public void Expire() => expired = true;
}
