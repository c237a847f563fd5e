using System.Globalization;

namespace Hitless.Linux.Processes;

/// <summary>When a process began: with its number it names one process for as long as the machine runs (<c>proc_pid_stat(5)</c>).</summary>
public static class ProcessStart
{
    private const int FieldsBehindName = 20;

    /// <summary>In the kernel's ticks since boot (<c>starttime</c>); null: there is no such process.</summary>
    public static long? Of(int processId)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{processId}/stat");

            // The name stands in parentheses, and may have any character; starttime is the 20th field behind it. A zombie has ended.
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return
                fields.Length >= FieldsBehindName
                && fields[0] != "Z"
                && long.TryParse(fields[FieldsBehindName - 1], CultureInfo.InvariantCulture, out var ticks)
                ? ticks
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
