using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>
/// How an image changes the system under Hitless: commands for <c>/bin/sh -c</c>, run as root in the slot's folder, whose files they may
/// use (<c>system/</c>). Each is a goal that may be asked for again, also after a power cut in the middle of it. It stands in the manifest,
/// so the signature covers it.
/// </summary>
/// <param name="Name">What it does, in one line.</param>
/// <param name="Install">Changes the system. Run on a unit that carries no traffic, before its trial.</param>
/// <param name="Stage">
/// Checks that <paramref name="Install"/> would succeed, and gets what it needs; changes nothing. Null: nothing to check.
/// </param>
/// <param name="Check">
/// Whether the system is as it was meant to be, asked before the trial is confirmed; a failure is a failed trial. Null: not asked.
/// </param>
/// <param name="Revert">Brings the former system back, whatever part of the change has been made. Null: there is no way back.</param>
/// <param name="Reboot">The change takes effect by a reboot, and so does the way back.</param>
/// <param name="LimitSeconds">What one command may take; it is killed then.</param>
public sealed record SystemRecipe(
    string Name,
    string Install,
    string? Stage = null,
    string? Check = null,
    string? Revert = null,
    bool Reboot = false,
    int LimitSeconds = SystemRecipe.LimitSecondsMax
)
{
    /// <summary>A run gives a step up after ten minutes.</summary>
    public const int LimitSecondsMax = 540;

    /// <summary>The folder of an image in which a recipe's files are.</summary>
    public const string Folder = "system";

    private const int NameMax = 200;
    private const int CommandMax = 4096;

    /// <summary>Reads a recipe's own file, as its author writes it; a refusal names the place.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out SystemRecipe? recipe,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        recipe = null;
        try
        {
            recipe = System.Text.Json.JsonSerializer.Deserialize(json, FirmwareJson.Default.SystemRecipe);
            problem = recipe is null ? ImageProblem.Malformed("$", "expected an object") : recipe.WhyUnusable();
        }
        catch (System.Text.Json.JsonException e)
        {
            problem = ImageProblem.Malformed(e.Path ?? "$", e.Message);
        }

        recipe = problem is null ? recipe : null;
        return recipe is not null;
    }

    /// <summary>The first thing wrong with it, or null.</summary>
    public ImageProblem? WhyUnusable()
    {
        if (Name.Length is 0 or > NameMax || Name.Any(char.IsControl))
        {
            return ImageProblem.Malformed("$.recipe.name", $"expected one line of at most {NameMax} characters");
        }

        foreach (
            var (name, command) in (ReadOnlySpan<(string, string?)>)
                [("install", Install), ("stage", Stage), ("check", Check), ("revert", Revert)]
        )
        {
            if (command is not null && (command.Trim().Length == 0 || command.Length > CommandMax || command.Contains('\0')))
            {
                return ImageProblem.Malformed($"$.recipe.{name}", $"expected a command line of at most {CommandMax} characters");
            }
        }

        return LimitSeconds is < 1 or > LimitSecondsMax
            ? ImageProblem.Malformed("$.recipe.limitSeconds", $"expected 1 to {LimitSecondsMax}")
            : null;
    }
}
