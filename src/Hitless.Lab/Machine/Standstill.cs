using System.Globalization;

namespace Hitless.Lab.Machine;

/// <summary>
/// A time in which a processor ran nothing, not even its foremost thread: a hypervisor took it away, or the machine was suspended.
/// </summary>
/// <param name="At">When it went on.</param>
/// <param name="Processor">0-based.</param>
/// <param name="Milliseconds">How long it stood.</param>
public readonly record struct Standstill(DateTimeOffset At, int Processor, double Milliseconds)
{
    /// <summary>Shorter ones are not reported. Three of the four heartbeats that may fail at the defaults.</summary>
    public static TimeSpan Least { get; } = TimeSpan.FromMilliseconds(60);

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"processor {Processor} stood still for {Milliseconds:0} ms until {At.UtcDateTime:HH:mm:ss.fff}"
        );
}
