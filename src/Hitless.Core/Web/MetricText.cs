using System.Globalization;
using System.Text;

namespace Hitless.Core.Web;

/// <summary>
/// The text that Prometheus reads, in either of its forms: OpenMetrics 1.0 (a counter's family has no <c>_total</c>, the end is marked) or
/// Prometheus 0.0.4 (a counter's family has it).
/// </summary>
internal sealed class MetricText(bool openMetrics)
{
    private readonly StringBuilder text = new();
    private string family = "";

    /// <summary>Begins a family of gauges.</summary>
    public MetricText Gauge(string name, string help)
    {
        Head(name, name, "gauge", help);
        return this;
    }

    /// <summary>Begins a family of counters; <paramref name="name"/> without <c>_total</c>.</summary>
    public MetricText Counter(string name, string help)
    {
        Head(openMetrics ? name : name + "_total", name + "_total", "counter", help);
        return this;
    }

    /// <summary>A sample of the family that was begun last.</summary>
    public MetricText Add(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(family);
        for (var i = 0; i < labels.Length; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            Escape(labels[i].Value);
            text.Append('"');
        }

        text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    /// <summary>1 or 0.</summary>
    public MetricText Add(bool value, params ReadOnlySpan<(string Name, string Value)> labels) => Add(value ? 1 : 0, labels);

    /// <summary>All of it.</summary>
    public string End() => (openMetrics ? text.Append("# EOF\n") : text).ToString();

    private void Head(string shown, string samples, string type, string help)
    {
        family = samples;
        text.Append("# HELP ").Append(shown).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(shown).Append(' ').Append(type).Append('\n');
    }

    // The three that both forms escape in the value of a label.
    private void Escape(string value)
    {
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => text.Append("\\\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(letter),
            };
        }
    }
}
