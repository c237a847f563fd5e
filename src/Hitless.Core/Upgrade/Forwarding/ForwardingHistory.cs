using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>The samples of a primary's last minute, about one a second, and the figures that its successor is held against.</summary>
public sealed class ForwardingHistory
{
    private const int SharedMin = 50;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(6);

    // Nothing is steady that was not seen for so long: a burst that ends with the switch is no outage.
    private static readonly TimeSpan SteadyCover = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SliceMin = TimeSpan.FromMilliseconds(900);
    private readonly List<ForwardingSample> samples = [];

    /// <summary>How much time the samples cover.</summary>
    public TimeSpan Covered => samples.Count < 2 ? TimeSpan.Zero : samples[^1].At - samples[0].At;

    /// <summary>Forgets all: another role, another traffic.</summary>
    public void Clear() => samples.Clear();

    /// <summary>Takes a sample, unless one of the same second is there.</summary>
    public void Add(ForwardingSample sample)
    {
        if (samples.Count > 0 && sample.At - samples[^1].At < SliceMin)
        {
            return;
        }

        samples.Add(sample);
        while (samples.Count > 2 && sample.At - samples[0].At > Kept)
        {
            samples.RemoveAt(0);
        }
    }

    /// <summary>The figures of what the samples cover.</summary>
    public ForwardingFigures Figures(string unit)
    {
        ForwardingInterval[] slices = [.. samples.Zip(samples.Skip(1), (a, b) => new ForwardingInterval(a, b))];
        var from = samples.FindIndex(sample => samples[^1].At - sample.At <= Recent);
        ForwardingInterval[] recent = [.. slices.Skip(Math.Max(0, from))];
        return Of(unit, slices, recent.Length >= 2 ? recent : []);
    }

    /// <summary>
    /// The figures of <paramref name="slices"/>, which follow each other; rates and what is steady come from the <paramref name="recent"/>
    /// of them (none: 0, so nothing can be held against them).
    /// </summary>
    public static ForwardingFigures Of(string unit, IReadOnlyList<ForwardingInterval> slices, IReadOnlyList<ForwardingInterval> recent)
    {
        var seconds = recent.Sum(slice => slice.Seconds);
        double Rate(Func<ForwardingInterval, long> of) => seconds > 0 ? Math.Round(recent.Sum(of) / seconds, 1) : 0;
        double Least(Func<ForwardingInterval, long> of) =>
            seconds >= SteadyCover.TotalSeconds ? Math.Round(recent.Min(slice => of(slice) / slice.Seconds), 1) : 0;
        var (wanted, made) = (slices.Sum(slice => slice.Wanted), slices.Sum(slice => slice.Made));
        string[] names =
            recent.Count == 0
                ? []
                :
                [
                    .. recent[^1]
                        .Interfaces.Select(each => each.Name)
                        .Where(name => recent.All(slice => slice.Interfaces.Any(each => each.Name == name))),
                ];
        return new ForwardingFigures(
            unit,
            Math.Round(slices.Sum(slice => slice.Seconds), 1),
            Rate(slice => slice.Left),
            Least(slice => slice.Left),
            Rate(slice => slice.Made),
            [
                .. names.Select(name => new InterfaceFigures(
                    name,
                    Rate(s => On(s, name).Received),
                    Least(s => On(s, name).Received),
                    Rate(s => On(s, name).Sent),
                    Least(s => On(s, name).Sent)
                )),
            ],
            [.. LossesOf(slices)]
        )
        {
            ForwardedShare = wanted > 0 ? Share(slices.Sum(slice => slice.Left), wanted) : null,
            AnsweredShare = made > 0 ? Share(slices.Sum(slice => slice.Answered), made) : null,
        };
    }

    private static InterfaceCounters On(ForwardingInterval slice, string name) => slice.Interfaces.First(each => each.Name == name);

    private static IEnumerable<ForwardingLoss> LossesOf(IReadOnlyList<ForwardingInterval> slices)
    {
        var seconds = slices.Sum(slice => slice.Seconds);
        foreach (var cause in slices.SelectMany(slice => slice.Losses()).GroupBy(loss => (loss.Cause, loss.Interface)))
        {
            var (lost, outOf) = (cause.Sum(loss => loss.Lost), cause.Sum(loss => loss.OutOf));
            if (lost > 0)
            {
                var most = cause
                    .Where(loss => loss.OutOf >= SharedMin)
                    .Select(loss => Share(loss.Lost, loss.OutOf))
                    .DefaultIfEmpty(0)
                    .Max();
                yield return new ForwardingLoss(
                    cause.Key.Cause,
                    cause.Key.Interface,
                    Math.Round(lost / seconds, 1),
                    Share(lost, outOf),
                    most
                );
            }
        }
    }

    private static double Share(long part, long whole) =>
        whole > 0 ? Math.Round(Math.Min(1, (double)part / whole), 4)
        : part > 0 ? 1
        : 0;
}
