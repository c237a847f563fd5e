using System.Globalization;

namespace Hitless.Core.Upgrade.Changes;

/// <summary>
/// Reads the errors of interfaces from <c>/proc/net/dev</c> (proc_pid_net(5)): errs, received and sent. Dropped packets are not
/// among them: they may be ones that nobody wants.
/// </summary>
public static class InterfaceErrors
{
    private static readonly int[] Columns = [2, 10];

    /// <summary>One item for each interface that is named in <paramref name="interfaces"/>; its value is a number.</summary>
    public static IEnumerable<StateItem> Read(IEnumerable<string> lines, IReadOnlyCollection<string> interfaces)
    {
        foreach (var line in lines)
        {
            if (line.Split(':', 2) is not [var name, var counters] || !interfaces.Contains(name.Trim()))
            {
                continue;
            }

            var words = counters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length <= Columns[^1])
            {
                continue;
            }

            var sum = Columns.Sum(column => Count(words[column]));
            yield return new StateItem(
                StateKind.InterfaceErrors,
                $"errors of interface {name.Trim()}",
                sum.ToString(CultureInfo.InvariantCulture)
            );
        }
    }

    /// <summary>A number; 0 where it is none.</summary>
    public static long Count(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
