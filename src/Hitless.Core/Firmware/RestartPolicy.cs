namespace Hitless.Core.Firmware;

/// <summary>
/// How long <c>hitless-boot</c> waits before it starts a crashed daemon of a good slot again: not at all the first time, then
/// 100 ms doubling to 2 s; a run of 10 s or more counts as a new beginning.
/// </summary>
public readonly record struct RestartPolicy(int Crashes)
{
    public static TimeSpan First { get; } = TimeSpan.FromMilliseconds(100);

    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(2);

    public static TimeSpan Stable { get; } = TimeSpan.FromSeconds(10);

    /// <summary>After a crash of a daemon that had run for <paramref name="ran"/>.</summary>
    public RestartPolicy Crashed(TimeSpan ran) => new(ran >= Stable ? 1 : Math.Min(Crashes + 1, 100));

    /// <summary>The pause before the next start.</summary>
    public TimeSpan Pause =>
        Crashes <= 1 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(Crashes - 2, 10)));
}
