namespace Hitless.Core.Firmware;

/// <summary>One call of <c>rauc status VERB SLOT</c>: <c>mark-good</c>, <c>mark-active</c> or <c>mark-bad</c>.</summary>
public readonly record struct RaucMark(string Verb, string Slot);

/// <summary>
/// Holds <see cref="BootState"/> and RAUC together (docs/decisions/0026). RAUC and the boot loader know which system runs and which is
/// next, <c>boot.json</c> knows what was meant by it; after a power cut between the two, <see cref="Observe"/> finds the one meaning that
/// is safe.
/// </summary>
public static class RaucRules
{
    /// <summary>
    /// How long a system may run that nobody has confirmed and no run has started: one installed by hand, or by an installation that a
    /// power cut ended.
    /// </summary>
    public static TimeSpan UnaskedTrial { get; } = TimeSpan.FromMinutes(5);

    /// <summary>What is so, going by what is on record and what RAUC says.</summary>
    /// <param name="own">The version of the daemon that asks, which the running system therefore has; null if none asks.</param>
    public static BootState Observe(BootState recorded, RaucStatus status, SemanticVersion? own)
    {
        var (booted, unused) = (status.Booted, recorded.A is null && recorded.B is null);
        var state = DropOverwritten(recorded, status);
        var version = own
            ?? state.Content(booted)?.Version
            ?? (SemanticVersion.TryParse(status[booted].BundleVersion, out var bundle) ? bundle : default);
        if (state.Content(booted)?.Version != version)
        {
            // The active one may have been mended in place, by a package say; another one nobody has confirmed.
            state = state.With(booted, new SlotContent(version, "", Good: unused || booted == state.Active));
        }

        if (unused)
        {
            return state with { Active = booted, Trial = null };
        }

        if (state.Trial is { } trial)
        {
            return trial.Slot == booted || trial.Slot == status.Next
                ? state
                : BootRules.FallBack(state, "the boot loader started the other slot");
        }

        // Next is the active one: a rollback was decided, and the reboot is still to come.
        if (booted == state.Active || status.Next == state.Active)
        {
            return state;
        }

        return state.Content(booted)!.Good
            ? state with
            {
                Active = booted,
                LastOutcome = $"the boot loader started slot {BootState.NameOf(booted)} by itself",
            }
            : state with
            {
                Trial = new Trial(booted, BootState.DefaultTries, (long)UnaskedTrial.TotalMilliseconds),
            };
    }

    /// <summary>
    /// What to tell RAUC so that the machine starts what <paramref name="state"/> means. A good system is marked so at each start, which
    /// gives the boot loader its tries back; a running trial is left alone for the same reason.
    /// </summary>
    public static IReadOnlyList<RaucMark> Marks(BootState state, RaucStatus status)
    {
        List<RaucMark> marks = [];
        var (booted, next) = (status.Booted, state.Trial?.Slot ?? state.Active);
        if (state.Trial is null && booted == state.Active && state.Content(booted) is { Good: true })
        {
            marks.Add(new RaucMark("mark-good", status[booted].Name));
        }

        if (status.Next != next && booted != state.Trial?.Slot)
        {
            marks.Add(new RaucMark("mark-active", status[next].Name));
        }

        if (state.Trial is null && booted != state.Active && state.Content(booted) is { Good: false } && status[booted].Good)
        {
            marks.Add(new RaucMark("mark-bad", status[booted].Name));
        }

        return marks;
    }

    /// <summary>The one RAUC bundle that an image for such units holds beside its <c>hitlessd</c>.</summary>
    public static bool TryFindBundle(
        ImageManifest manifest,
        [NotNullWhen(true)] out string? path,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        var bundles = manifest.Files.Where(f => f.Path.EndsWith(".raucb", StringComparison.Ordinal)).Select(f => f.Path).ToArray();
        path = bundles is [var only] && manifest.Activation == Activation.Reboot ? only : null;
        problem = path is not null
            ? null
            : new ImageProblem(
                ImageFault.NotAllowed,
                bundles.Length == 1
                    ? "the image asks for a restart, and this unit's slots are whole systems (unit.slots: rauc)"
                    : $"the image holds {bundles.Length} RAUC bundles (*.raucb), and this unit's slots are RAUC's (unit.slots: rauc)",
                "take the image for such units: one bundle beside hitlessd, built with --activation reboot"
            );
        return path is not null;
    }

    /// <summary>A line of <c>rauc install --progress</c>, as <c> 40% Checking bundle done.</c>, if it begins something.</summary>
    public static bool TryReadProgress(string line, out int percent, out string what)
    {
        var text = line.AsSpan().Trim();
        var end = text.IndexOf("% ");
        (percent, what) = (0, "");
        if (
            end is <= 0 or > 3
            || text.EndsWith(".")
            || !int.TryParse(text[..end], System.Globalization.NumberStyles.None, null, out percent)
        )
        {
            return false;
        }

        what = text[(end + 2)..].ToString();
        return true;
    }

    /// <summary>A refusal in RAUC's own words, with what to do about it.</summary>
    /// <param name="printed">What <c>rauc</c> wrote on both streams.</param>
    public static ImageProblem Explain(string printed)
    {
        var lines = printed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var words = Array.FindLast(lines, l => l.StartsWith("LastError: ", StringComparison.Ordinal))?["LastError: ".Length..]
            ?? lines.LastOrDefault()
            ?? "it said nothing";
        foreach (var (sign, fault, remedy) in Known)
        {
            if (printed.Contains(sign, StringComparison.Ordinal))
            {
                return new ImageProblem(fault, $"RAUC refuses: {words}", remedy);
            }
        }

        return new ImageProblem(ImageFault.DiskError, $"RAUC failed: {words}", "its service's log tells more: journalctl -u rauc");
    }

    private static readonly (string Sign, ImageFault Fault, string Remedy)[] Known =
    [
        (
            "Compatible mismatch",
            ImageFault.NotAllowed,
            "take the image for this machine: \"compatible\" of its bundle has to be that of RAUC's system.conf"
        ),
        (
            "CMS routines::verification failure",
            ImageFault.Tampered,
            "do not use this image; the bundle in it is not the one that was signed"
        ),
        (
            "signature verification failed",
            ImageFault.Stranger,
            "have the bundle signed by a key that RAUC's keyring trusts ([keyring] in its system.conf), or put that certificate there"
        ),
        ("Invalid bundle format", ImageFault.Tampered, "the bundle is damaged or none at all: build the image again from a whole one"),
        (
            "/dev/mapper/control",
            ImageFault.NotAllowed,
            "this kernel has no device mapper, which bundles of the formats verity and crypt need: build the bundle with "
                + "format=plain, or enable CONFIG_DM_VERITY"
        ),
        ("D-Bus", ImageFault.NotAllowed, "RAUC's service does not answer: systemctl status rauc; it is in the package rauc-service"),
    ];

    /// <summary>What somebody has written into a slot by hand since is not what stands on record.</summary>
    private static BootState DropOverwritten(BootState state, RaucStatus status)
    {
        foreach (var slot in (Slot[])[Slot.A, Slot.B])
        {
            if (state.Content(slot)?.Written is { } written && status[slot].Sha256 is { } now && written != now)
            {
                state = state.With(slot, null);
            }
        }

        return state;
    }
}
