using Hitless.Core.Firmware;
using Hitless.Core.Rights;

namespace Hitless.Firmware.Slots;

/// <summary>Runs the commands of the recipe that an image brings for the system under it (docs/decisions/0074).</summary>
public interface IRecipeShell
{
    /// <summary>Where what the commands of the last change have printed is.</summary>
    string Log { get; }

    /// <summary>Runs one to its end; a failure says how it ended and what it said last.</summary>
    /// <param name="act">Which command of the recipe.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="slot">The slot whose folder it is in, and in which it runs.</param>
    /// <param name="unpacking">It is still being unpacked there.</param>
    ImageProblem? Run(RecipeAct act, SystemRecipe recipe, Slot slot, bool unpacking);
}
