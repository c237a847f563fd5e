using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Hitless.Core.Configuration;

/// <summary>
/// A time of the week in which units may be upgraded, in the unit's local time: <c>sat 02:00-04:00</c>, <c>mon-fri 22:30-01:00</c> (over
/// midnight),
/// <c>daily 03:00-05:00</c>, <c>sun 00:00-00:00</c> (the whole day). It belongs to the day on which it begins.
/// </summary>
public sealed record MaintenanceWindow
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private readonly bool[] begins = new bool[Days.Length];

    private MaintenanceWindow(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Its begin, as time of the day.</summary>
    public TimeSpan From { get; private init; }

    /// <summary>How long it lasts, at most a day.</summary>
    public TimeSpan Lasts { get; private init; }

    /// <summary>Reads <c>DAYS HH:MM-HH:MM</c>; days are <c>daily</c>, or days and ranges of days with commas between them.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MaintenanceWindow? window)
    {
        window = null;
        if (
            text.Split(' ') is not [var days, var times]
            || times.Split('-') is not [var first, var last]
            || !TryTime(first, out var from)
            || !TryTime(last, out var until)
        )
        {
            return false;
        }

        var parsed = new MaintenanceWindow(text) { From = from, Lasts = until > from ? until - from : until - from + TimeSpan.FromDays(1) };
        if (!Array.TrueForAll(days.Split(','), parsed.TryAddDays))
        {
            return false;
        }

        window = parsed;
        return true;
    }

    /// <summary>The end of the latest-ending window that is open at a local time; null if none is open.</summary>
    public static DateTime? OpenUntil(IEnumerable<MaintenanceWindow> windows, DateTime local)
    {
        DateTime? end = null;
        foreach (var window in windows)
        {
            foreach (var day in (DateTime[])[local.Date.AddDays(-1), local.Date])
            {
                var begin = day + window.From;
                if (window.begins[(int)day.DayOfWeek] && begin <= local && local < begin + window.Lasts && !(end > begin + window.Lasts))
                {
                    end = begin + window.Lasts;
                }
            }
        }

        return end;
    }

    /// <summary>When the next window begins after a local time; null if there is no window.</summary>
    public static DateTime? NextBegin(IEnumerable<MaintenanceWindow> windows, DateTime local)
    {
        DateTime? next = null;
        foreach (var window in windows)
        {
            for (var ahead = 0; ahead <= Days.Length; ahead++)
            {
                var begin = local.Date.AddDays(ahead) + window.From;
                if (window.begins[(int)begin.DayOfWeek] && begin > local && !(next <= begin))
                {
                    next = begin;
                }
            }
        }

        return next;
    }

    private bool TryAddDays(string days)
    {
        if (days == "daily")
        {
            Array.Fill(begins, true);
            return true;
        }

        var ends = days.Split('-');
        var (first, last) = (Array.IndexOf(Days, ends[0]), Array.IndexOf(Days, ends[^1]));
        if (ends.Length > 2 || first < 0 || last < 0)
        {
            return false;
        }

        for (var day = first; ; day = (day + 1) % Days.Length)
        {
            begins[day] = true;
            if (day == last)
            {
                return true;
            }
        }
    }

    private static bool TryTime(string text, out TimeSpan time)
    {
        var good = TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock);
        time = clock.ToTimeSpan();
        return good;
    }
}
