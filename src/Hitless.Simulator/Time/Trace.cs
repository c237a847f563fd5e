using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hitless.Simulator.Time;

/// <summary>What happened, line by line, for one who replays a seed. Silent and free unless switched on.</summary>
internal sealed class Trace(TextWriter? output, Timeline timeline)
{
    /// <summary>Somebody reads.</summary>
    public bool IsOn => output is not null;

    /// <summary>One line about <paramref name="who"/>; the text is not even put together when nobody reads.</summary>
    public void Line(string who, [InterpolatedStringHandlerArgument("")] ref Text text) =>
        output?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{timeline.Now.TotalSeconds, 10:F4}  {who, -5} {text.ToStringAndClear()}")
        );

    /// <summary>Puts a line together if the trace is on.</summary>
    [InterpolatedStringHandler]
    internal ref struct Text
    {
        private DefaultInterpolatedStringHandler inner;

        public Text(int literalLength, int formattedCount, Trace trace, out bool isEnabled)
        {
            isEnabled = trace.IsOn;
            inner = isEnabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => inner.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => inner.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => inner.AppendFormatted(value, format);

        public string ToStringAndClear() => inner.ToStringAndClear();
    }
}
