namespace Hitless.Core.Firmware;

/// <summary>
/// What <c>hitless-boot</c> starts: null slot if there is nothing that can run. <c>State</c> has to be on disk before it starts.
/// </summary>
public sealed record BootChoice(Slot? Slot, Trial? Trial, BootState State, string Why);

/// <summary>
/// The transitions of <see cref="BootState"/>. Each takes the state on disk and gives the state to write, or a refusal that changes
/// nothing. After a power cut at any point between two of them a slot is chosen whose content is whole.
/// </summary>
public static class BootRules
{
    /// <summary>What to do about a unit without slots.</summary>
    public const string NoSlotsRemedy =
        "start it by hitless-boot, as the package's service does; where unit.slots is rauc, by hitless-boot --rauc, and rauc status "
        + "has to answer";

    /// <summary>
    /// Step 1 of an installation: the slot counts as empty while it is written. Never the slot that runs, never the one to fall back to.
    /// </summary>
    /// <param name="running">The slot whose daemon asks; null if none of them runs.</param>
    public static bool TryBeginInstall(
        BootState state,
        Slot slot,
        Slot? running,
        [NotNullWhen(true)] out BootState? next,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        var name = BootState.NameOf(slot);
        problem = (slot == running, slot == state.Active && state.Content(slot) is not null, state.Trial?.Slot == slot) switch
        {
            (true, _, _) => Busy($"slot {name} is the one that runs now", "install into the other slot"),
            (_, true, _) => Busy(
                $"slot {name} is the one to fall back to",
                "confirm or abort the trial first, then install into the other slot"
            ),
            (_, _, true) => Busy($"slot {name} is on trial", "wait until the trial is confirmed or has fallen back"),
            _ => null,
        };
        next = problem is null ? state.With(slot, null) : null;
        return next is not null;
    }

    /// <summary>
    /// Step 2 of an installation, when the slot's files are on disk. The very first one becomes active and good: nothing else could run.
    /// </summary>
    public static BootState Installed(BootState state, Slot slot, SemanticVersion version, string imageHash, string? written = null)
    {
        var first = state.Content(state.Active) is null;
        var next = state.With(slot, new SlotContent(version, imageHash, Good: first) { Written = written });
        return first
            ? next with
            {
                Active = slot,
                LastOutcome = $"version {version} installed into slot {BootState.NameOf(slot)} as the first one",
            }
            : next;
    }

    /// <summary>The next boots start the spare slot, as often as there are tries, until it is confirmed.</summary>
    public static bool TryBeginTrial(
        BootState state,
        int tries,
        TimeSpan confirmTimeout,
        [NotNullWhen(true)] out BootState? next,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        problem = null;
        next = null;
        if (state.Content(state.Spare) is null)
        {
            problem = new ImageProblem(
                ImageFault.SlotEmpty,
                $"slot {BootState.NameOf(state.Spare)} is empty: there is nothing to try",
                "install an image first"
            );
            return false;
        }

        next = state with { Trial = new Trial(state.Spare, Math.Max(1, tries), (long)confirmTimeout.TotalMilliseconds) };
        return true;
    }

    /// <summary>
    /// Which slot starts now. A trial pays one try before it starts, so that a try that pulls the power cannot be tried forever.
    /// </summary>
    public static BootChoice Boot(BootState state)
    {
        if (state.Trial is { } trial)
        {
            if (trial.TriesLeft <= 0 || state.Content(trial.Slot) is null)
            {
                return Boot(FallBack(state, "its tries are used up"));
            }

            var paid = trial with { TriesLeft = trial.TriesLeft - 1 };
            return new BootChoice(
                paid.Slot,
                paid,
                state with
                {
                    Trial = paid,
                },
                $"trial of version {state.Content(trial.Slot)!.Version}, {paid.TriesLeft} tries left after this one"
            );
        }

        if (state.Content(state.Active) is { } active)
        {
            return new BootChoice(state.Active, null, state, $"version {active.Version} is active");
        }

        return state.Content(state.Spare) is { Good: true } spare
            ? new BootChoice(
                state.Spare,
                null,
                state with
                {
                    Active = state.Spare,
                },
                $"slot {BootState.NameOf(state.Active)} is empty; version {spare.Version} is good"
            )
            : new BootChoice(null, null, state, "both slots are empty");
    }

    /// <summary>The trial is over and lost: the active slot stays what it was, and the slot that was tried counts as not good.</summary>
    public static BootState FallBack(BootState state, string why)
    {
        if (state.Trial is not { } trial)
        {
            return state;
        }

        var tried = state.Content(trial.Slot);
        var back = state.Content(state.Active)?.Version.ToString() ?? "nothing";
        return state.With(trial.Slot, tried is null ? null : tried with { Good = false }) with
        {
            Trial = null,
            LastOutcome =
                $"fell back from version {tried?.Version.ToString() ?? "?"} in slot {BootState.NameOf(trial.Slot)} to {back} in slot "
                + $"{BootState.NameOf(state.Active)}: {why}",
        };
    }

    /// <summary>
    /// The running slot has shown that it is healthy. Said twice, it is true twice: a repeated confirmation changes nothing.
    /// </summary>
    public static bool TryConfirm(
        BootState state,
        Slot running,
        [NotNullWhen(true)] out BootState? next,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        problem = null;
        next = null;
        if (state.Trial is null && state.Active == running)
        {
            next = state;
        }
        else if (state.Trial?.Slot == running && state.Content(running) is { } tried)
        {
            next = state.With(running, tried with { Good = true }) with
            {
                Active = running,
                Trial = null,
                LastOutcome = $"version {tried.Version} in slot {BootState.NameOf(running)} confirmed",
            };
        }
        else
        {
            problem = new ImageProblem(
                ImageFault.NotAllowed,
                $"slot {BootState.NameOf(running)} is not on trial",
                "only the slot that runs on trial can be confirmed"
            );
        }

        return next is not null;
    }

    /// <summary>
    /// From the running slot back to the other one on purpose, which takes effect at the next start. An open trial just ends; else the
    /// other slot has to be good. Said twice before that start, it is true once.
    /// </summary>
    public static bool TryRollBack(
        BootState state,
        Slot running,
        string why,
        [NotNullWhen(true)] out BootState? next,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        problem = null;
        next = null;
        if (state.Trial is not null)
        {
            next = FallBack(state, why);
        }
        else if (state.Active != running)
        {
            next = state;
        }
        else if (state.Content(state.Spare) is { Good: true } other)
        {
            next = state with
            {
                Active = state.Spare,
                LastOutcome =
                    $"rolled back from slot {BootState.NameOf(state.Active)} to version {other.Version} in slot "
                    + $"{BootState.NameOf(state.Spare)}: {why}",
            };
        }
        else
        {
            var name = BootState.NameOf(state.Spare);
            problem = new ImageProblem(
                ImageFault.NotAllowed,
                state.Content(state.Spare) is null
                    ? $"slot {name} is empty: there is nothing to roll back to"
                    : $"what stands in slot {name} was never confirmed",
                "install the version that you want to go back to, as an upgrade"
            );
        }

        return next is not null;
    }

    private static ImageProblem Busy(string error, string remedy) => new(ImageFault.SlotBusy, error, remedy);
}
