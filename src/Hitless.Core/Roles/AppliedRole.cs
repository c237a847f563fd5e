using System.Globalization;

namespace Hitless.Core.Roles;

/// <summary>
/// What was done last, as it stands in the state folder: it says to the next process, of this boot, whether there is anything left to do.
/// </summary>
/// <param name="Role">The role that services were last told of.</param>
/// <param name="Epoch">In which epoch.</param>
/// <param name="Complete">Everything was done, and nothing failed.</param>
public readonly record struct AppliedRole(ServiceRole Role, long Epoch, bool Complete)
{
    /// <summary>The boot in which it was done (<c>boot_id</c>): another one has stopped everything.</summary>
    public string Boot { get; init; } = "-";

    /// <summary>The process of a command that runs; 0: none does.</summary>
    public int Process { get; init; }

    /// <summary>When that process began, in the kernel's ticks: tells it from another one of the same number.</summary>
    public long ProcessStart { get; init; }

    /// <summary>
    /// Whether a change is to this one. Each reign of a primary is a change: another unit may have been primary between two.
    /// </summary>
    public bool Is(RoleChange change) => Role == change.Role && (Role != ServiceRole.Primary || Epoch == change.Epoch);

    /// <summary>One line, as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{RoleChange.WordOf(Role)} {Epoch} {(Complete ? "complete" : "incomplete")} {Boot} {Process} {ProcessStart}"
        );

    /// <summary>Reads what <see cref="ToString"/> wrote; whatever a newer version adds behind it is passed over.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AppliedRole applied)
    {
        applied = default;
        var culture = CultureInfo.InvariantCulture;
        if (
            text?.Split(' ') is not [var name, var epochText, var end, var boot, var processText, var startText, ..]
            || end is not ("complete" or "incomplete")
            || !long.TryParse(epochText, culture, out var epoch)
            || !int.TryParse(processText, culture, out var process)
            || !long.TryParse(startText, culture, out var start)
            || Enum.GetValues<ServiceRole>().Where(role => RoleChange.WordOf(role).Word == name).ToArray() is not [var known]
        )
        {
            return false;
        }

        applied = new AppliedRole(known, epoch, end == "complete")
        {
            Boot = boot,
            Process = process,
            ProcessStart = start,
        };
        return true;
    }
}
