using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Rights;

/// <summary>Who does what takes root's rights: hitless-apply, or this process where there is none.</summary>
/// <param name="Work">Files, hooks and probes.</param>
/// <param name="Converter">Converters of images.</param>
/// <param name="Recipes">Commands of images that change the system.</param>
public sealed record RootTasks(IRootWork Work, IConverterRun Converter, IRecipeShell Recipes)
{
    /// <summary>hitless-apply as this process sees it; null: this process does all by itself.</summary>
    public ApplyClient? Apply { get; init; }

    /// <summary>Why there is no hitless-apply; null: there is.</summary>
    public string? Absent { get; init; }

    /// <summary>What is wrong with it now, in one line with what to do; null: nothing.</summary>
    public string? Problem => Absent ?? Apply?.Problem;

    /// <summary>By this process alone.</summary>
    public static RootTasks Own(string stateFolder, UnitSettings settings) =>
        new(
            new OwnRootWork(stateFolder, settings),
            new LocalConverter(stateFolder, LocalConverter.DefaultTimeMax),
            new RecipeRunner(stateFolder)
        );

    /// <summary>By hitless-apply.</summary>
    public static RootTasks By(ApplyClient apply) => new(apply, apply, apply) { Apply = apply };
}
