using Hitless.Core.Api;
using Hitless.Core.Firmware;

namespace Hitless.Core.Upgrade.Checks;

/// <summary>Whether the image may go onto the units that a run concerns, and fits there.</summary>
internal static class ImageChecks
{
    private const string NoRebootRemedy =
        "start hitless-boot with --reboot-command \"systemctl reboot\" on that unit, or take an image whose activation is restart";

    public static IEnumerable<CheckResult> Of(PreflightFacts facts)
    {
        var image = facts.Image ?? throw new ArgumentException("a run that brings an image has one", nameof(facts));
        var ofImage = image.Missing is { } missing
            ? [new CheckResult("image", CheckOutcome.Fail, missing.Error, missing.Remedy)]
            : Content(facts, image, image.Manifest!);
        foreach (var check in ofImage)
        {
            yield return check;
        }

        foreach (var member in facts.Header.Members.Where(member => facts.Header.Concerns(member.Name)))
        {
            yield return Slots(member);
            yield return DiskRoom(member.Name, image.Bytes, Unit(facts, member.Name)?.FreeBytes);
        }

        if (!facts.Header.RehearseOnly)
        {
            yield return facts.Header.Baseline is { } baseline
                ? Preflight.Pass("rehearsal", baseline.ToString())
                : new CheckResult(
                    "rehearsal",
                    CheckOutcome.Pass,
                    "not rehearsed: the new primary is held against the former one only",
                    "hitless upgrade rehearse IMAGE measures what a switch costs under today's traffic"
                );
        }
    }

    private static IEnumerable<CheckResult> Content(PreflightFacts facts, PreflightImage image, ImageManifest manifest)
    {
        var header = facts.Header;
        yield return image.Forged is { } forged
            ? new CheckResult("image-signature", CheckOutcome.Fail, forged.Error, forged.Remedy)
            : Preflight.Pass(
                "image-signature",
                $"signed by {image.Signer}, valid by {header.FormerPrimary}'s clock ({facts.Now.UtcDateTime:u})"
            );
        yield return image.OtherSlots is { } other
            ? new CheckResult("image-slots", CheckOutcome.Fail, other.Error, other.Remedy)
            : Preflight.Pass("image-slots", $"the image goes into slots of the kind {image.SlotKind}");
        if (manifest.Activation == Activation.Reboot)
        {
            foreach (var member in header.Members.Where(member => header.Concerns(member.Name)))
            {
                yield return Reboot(member.Name, Unit(facts, member.Name)?.CanReboot);
            }
        }

        if (manifest.Recipe is { } recipe)
        {
            yield return OfSystem(recipe);
        }

        if (image.Conversion is { } conversion)
        {
            yield return conversion;
        }

        foreach (var check in UpgradePath(facts, image, manifest))
        {
            yield return check;
        }

        yield return MinimumVersion(header, facts.Rules.MinimumVersion, manifest.Version);
    }

    private static IEnumerable<CheckResult> UpgradePath(PreflightFacts facts, PreflightImage image, ImageManifest manifest)
    {
        // Units that run it already (a cluster that was left mixed) need no path to it.
        var behind = facts
            .Units.Where(unit => unit.Present && facts.Header.Concerns(unit.Name) && unit.Version != facts.Header.To)
            .Select(unit => unit.Version)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        return behind.Length == 0
            ?
            [
                new CheckResult(
                    "image-upgrade-path",
                    CheckOutcome.Fail,
                    $"every unit already runs {facts.Header.To}",
                    "take an image of another version"
                ),
            ]
            : behind.SelectMany(version =>
                ImageRules.Check(
                    manifest,
                    image.Running with
                    {
                        Version = SemanticVersion.TryParse(version, out var parsed) ? parsed : default,
                    }
                )
            );
    }

    /// <summary>What the image does to the system under Hitless, and whether that can be taken back.</summary>
    private static CheckResult OfSystem(SystemRecipe recipe) =>
        recipe.Revert is null
            ? new CheckResult(
                "image-system",
                CheckOutcome.Warn,
                $"the image changes the system: {recipe.Name}; there is no way back from that: where it fails on the first unit "
                    + "the run stops, that unit keeps the changed system, and the other one carries the traffic on",
                "have a backup of that unit, or take a recipe with a way back (revert)"
            )
            : Preflight.Pass("image-system", $"the image changes the system, and can take that back: {recipe.Name}");

    /// <summary>An image that is activated by a reboot takes effect only where hitless-boot can reboot the machine.</summary>
    private static CheckResult Reboot(string unit, bool? can) =>
        can switch
        {
            true => Preflight.Pass("activation", $"the image is activated by a reboot, which {unit} can do"),
            false => new CheckResult(
                "activation",
                CheckOutcome.Fail,
                $"the image is activated by a reboot, and hitless-boot of {unit} has no --reboot-command: nothing would reboot it",
                NoRebootRemedy
            ),
            null => new CheckResult(
                "activation",
                CheckOutcome.Warn,
                $"the image is activated by a reboot, and {unit} does not say whether its hitless-boot has a --reboot-command",
                NoRebootRemedy
            ),
        };

    private static CheckResult MinimumVersion(RunHeader header, string? minimum, SemanticVersion version)
    {
        var least = SemanticVersion.TryParse(minimum, out var parsed) ? parsed : default;
        return version.CompareTo(least) >= 0
            ? Preflight.Pass("minimum-version", minimum is null ? "no version is too old here" : $"not older than {least}")
            : new CheckResult(
                "minimum-version",
                header.AllowDowngrade ? CheckOutcome.Warn : CheckOutcome.Fail,
                $"version {version} is older than upgrade.minimum-version, {least}",
                "take a newer image; if this one is really wanted: --allow-downgrade"
            );
    }

    private static CheckResult Slots(RunMember member) =>
        Preflight.Result(
            "slots",
            member.Slot.Length > 0,
            $"{member.Name} runs from slot {member.Slot}",
            $"{member.Name} names no slot: its API does not answer, or it was not started by hitless-boot for its kind of slots",
            $"hitless status tells whether it answers; {BootRules.NoSlotsRemedy}"
        );

    private static CheckResult DiskRoom(string unit, long needed, long? free) =>
        free is { } bytes
            ? Preflight.Result(
                "disk-room",
                bytes > needed,
                $"{unit}: {needed >> 20} MB needed, {bytes >> 20} MB free",
                $"{unit}: {needed >> 20} MB needed, only {bytes >> 20} MB free",
                $"remove images that are not needed any more on {unit}: /var/lib/hitless/images"
            )
            : new CheckResult(
                "disk-room",
                CheckOutcome.Warn,
                $"{unit} does not say how much room its disk has",
                "its version is too old for that; look there: df /var/lib/hitless"
            );

    private static PreflightUnit? Unit(PreflightFacts facts, string name) => facts.Units.FirstOrDefault(unit => unit.Name == name);
}
