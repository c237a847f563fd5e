using Hitless.Core.Firmware;
using Hitless.Core.Rights;
using Hitless.Firmware.Files;

namespace Hitless.Firmware.Slots;

/// <summary>
/// Slots as folders: what was unpacked is all there is, and <c>hitless-boot</c> starts what <c>boot.json</c> says. An image may bring a
/// recipe that changes the system under it (docs/decisions/0074); then the system is kept in step with the slot that starts next.
/// </summary>
/// <param name="stateFolder">The state directory.</param>
/// <param name="shell">Runs a recipe's commands; null: this process.</param>
public sealed class DirectoryBackend(string stateFolder, IRecipeShell? shell = null) : ISlotBackend
{
    /// <summary>The default of <c>unit.slots</c>.</summary>
    public const string Kind = "directory";

    private readonly string file = Path.Combine(stateFolder, "system.json");
    private readonly IRecipeShell runner = shell ?? new RecipeRunner(stateFolder);
    private bool rebootDue;

    /// <inheritdoc/>
    public string Name => Kind;

    /// <inheritdoc/>
    public bool HoldsSystems => false;

    /// <inheritdoc/>
    public Slot? Booted => null;

    /// <inheritdoc/>
    public string? Leftover =>
        ReadChange() is not { } change
            ? File.Exists(file)
                ? $"{file} is damaged: the last change of the system cannot be taken back by itself; {runner.Log} tells what was done, "
                    + "and the next installation forgets this"
                : null
            : change.Stage == SystemStage.Left
                ? $"the system is still as \"{change.Recipe.Name}\" has changed it, with the former Hitless on it: "
                    + (change.Recipe.Revert is null ? "that recipe has no way back" : $"taking it back failed, see {runner.Log}")
                    + "; bring the system in order by hand, or upgrade again; the next installation forgets this"
                : null;

    /// <inheritdoc/>
    public ImageProblem? Refuse(ImageManifest manifest) => null;

    /// <inheritdoc/>
    public BootState Observe(BootState recorded, out ImageProblem? problem)
    {
        problem = null;
        return recorded;
    }

    /// <inheritdoc/>
    public bool IsBehind(BootState state) => Due(state, ReadChange()) != SystemAct.Nothing;

    /// <inheritdoc/>
    public bool TakeRebootDue()
    {
        var due = rebootDue;
        rebootDue = false;
        return due;
    }

    /// <summary>
    /// The files are in place already; a recipe checks that it could be followed. The way back from a former change ends here.
    /// </summary>
    public ImageProblem? Fill(ImageManifest manifest, string folder, Slot slot, Action<string> tell, out string? written)
    {
        written = null;
        File.Delete(file);
        if (manifest.Recipe is not { Stage: not null } recipe)
        {
            return null;
        }

        File.Delete(runner.Log);
        tell($"preparing the change of the system: {recipe.Name}");
        return runner.Run(RecipeAct.Stage, recipe, slot, unpacking: true);
    }

    /// <inheritdoc/>
    public ImageProblem? Prepare(BootState state, Slot slot, Action<string> tell)
    {
        var change = ReadChange();
        if (
            RecipeIn(slot) is not { } recipe
            || state.Content(slot) is not { } content
            || change is { Stage: SystemStage.Installed or SystemStage.Kept } && change.Image == content.ImageHash
        )
        {
            return null;
        }

        tell($"changing the system: {recipe.Name}");
        return Install(state, slot, content, recipe);
    }

    /// <inheritdoc/>
    public ImageProblem? Follow(BootState state)
    {
        var change = ReadChange();
        switch (Due(state, change))
        {
            case SystemAct.Install when state.Trial is { } trial && state.Content(trial.Slot) is { } content:
                return Install(state, trial.Slot, content, RecipeIn(trial.Slot)!);
            case SystemAct.Check:
                var problem = Run(change!, RecipeAct.Check);
                return problem ?? Keep(change! with { Stage = SystemStage.Kept });
            case SystemAct.TakeBack:
                return TakeBack(change!);
            case SystemAct.Leave:
                return Keep(change! with { Stage = SystemStage.Left });
            default:
                return null;
        }
    }

    private ImageProblem? Install(BootState state, Slot slot, SlotContent content, SystemRecipe recipe)
    {
        var change = new SystemChange(
            content.ImageHash,
            state.Content(state.Active)?.ImageHash ?? "",
            slot,
            SystemStage.Installing,
            recipe
        );
        Keep(change);
        rebootDue |= recipe.Reboot;
        return Run(change, RecipeAct.Install) ?? Keep(change with { Stage = SystemStage.Installed });
    }

    /// <summary>
    /// What fails here must not keep a unit from its former slot: that it is there, and able to forward, is looked at afterwards.
    /// </summary>
    private ImageProblem? TakeBack(SystemChange change)
    {
        Keep(change with { Stage = SystemStage.TakingBack });

        // What this very process has changed has not taken effect yet.
        rebootDue = change.Recipe.Reboot && !rebootDue;
        if (Run(change, RecipeAct.Revert) is not null)
        {
            return Keep(change with { Stage = SystemStage.Left });
        }

        File.Delete(file);
        return null;
    }

    private ImageProblem? Run(SystemChange change, RecipeAct act) => runner.Run(act, change.Recipe, change.Slot, unpacking: false);

    private SystemAct Due(BootState state, SystemChange? change) =>
        SystemRules.Due(state, change, state.Trial is { } trial ? RecipeIn(trial.Slot) : null);

    private ImageProblem? Keep(SystemChange change)
    {
        DurableFile.WriteAllBytes(file, change.ToJson());
        return null;
    }

    private SystemChange? ReadChange()
    {
        try
        {
            return File.Exists(file) && SystemChange.TryRead(File.ReadAllBytes(file), out var change) ? change : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private SystemRecipe? RecipeIn(Slot slot) => SlotStore.ManifestIn(FolderOf(slot))?.Recipe;

    private string FolderOf(Slot slot) => SlotStore.FolderOf(stateFolder, slot);
}
