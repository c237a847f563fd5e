namespace Hitless.Core.Firmware;

/// <summary>What is to be done to the system so that it fits the slot that starts next.</summary>
public enum SystemAct
{
    /// <summary>It fits.</summary>
    Nothing,

    /// <summary>Change it.</summary>
    Install,

    /// <summary>Ask whether it is as it should be, and keep it.</summary>
    Check,

    /// <summary>Bring the former one back.</summary>
    TakeBack,

    /// <summary>Say that it stays changed: there is no way back.</summary>
    Leave,
}

/// <summary>
/// Which system belongs to which slot (docs/decisions/0074). Decided anew at each change of <see cref="BootState"/> and at each start, so a
/// power cut between two commands is made good by the next look.
/// </summary>
public static class SystemRules
{
    /// <summary>What is due.</summary>
    /// <param name="state">What is to start next.</param>
    /// <param name="change">The last change of the system; null: none that a way back is known of.</param>
    /// <param name="ofTrial">The recipe of the slot on trial; null: there is no trial, or its image brings none.</param>
    public static SystemAct Due(BootState state, SystemChange? change, SystemRecipe? ofTrial)
    {
        if (state.Trial is { } trial)
        {
            var tried = state.Content(trial.Slot)?.ImageHash;
            var stands = change is { Stage: SystemStage.Installed or SystemStage.Kept } && change.Image == tried;
            return ofTrial is null || stands ? SystemAct.Nothing : SystemAct.Install;
        }

        var active = state.Content(state.Active)?.ImageHash;
        return change switch
        {
            null or { Stage: SystemStage.Left } => SystemAct.Nothing,
            _ when change.Image == active => change.Stage == SystemStage.Installed ? SystemAct.Check : SystemAct.Nothing,
            _ when change.Before == active => change.Recipe.Revert is null ? SystemAct.Leave : SystemAct.TakeBack,
            _ => SystemAct.Nothing,
        };
    }

    /// <summary>What an image with a recipe has to be besides, or null.</summary>
    public static ImageProblem? Check(ImageManifest manifest) =>
        manifest.Recipe switch
        {
            null => null,
            { } recipe when recipe.WhyUnusable() is { } wrong => wrong,
            { Reboot: true } when manifest.Activation != Activation.Reboot => ImageProblem.Malformed(
                "$.activation",
                "a recipe that takes effect by a reboot needs an image that is activated by one"
            ),
            _ => null,
        };
}
