using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Daemon.Configuration;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Rights;

/// <summary>What hitless-apply does once it may. Paths, images and recipes are looked up here, never brought by who asks.</summary>
/// <param name="unitFile">unit.yaml.</param>
/// <param name="stateFolder">The state directory.</param>
/// <param name="settings">As read from both.</param>
internal sealed class ApplyActs(string unitFile, string stateFolder, UnitSettings settings)
{
    private const int HashDigits = 64;
    private readonly RecipeRunner _recipes = new(stateFolder);

    /// <summary>Files, hooks and probes.</summary>
    public OwnRootWork Work { get; } = new(stateFolder, settings);

    /// <summary>What a command has come to.</summary>
    public static ApplyAnswer.Ended Ended(CommandOutcome outcome) => new(outcome.Why, outcome.Output);

    /// <summary>What stands at a path.</summary>
    public ApplyAnswer.File Read(string path)
    {
        var file = Work.Read(path);
        return new ApplyAnswer.File(file.Content, file.Mode, file.Owner);
    }

    /// <summary>Replaces a file.</summary>
    public async Task<ApplyAnswer> WriteAsync(ApplyRequest.WriteFile write)
    {
        if (write.Owner is not null && OwnerNames.Now.Unknown(write.Owner) is { } unknown)
        {
            return new ApplyAnswer.Refused($"{write.Path} cannot be written: this unit knows no {unknown}", Listed: true);
        }

        await Work.WriteAsync(new FileBefore(write.Path, write.Content, write.Mode, write.Owner), ConfigurationService.CommandTimeMax);
        return new ApplyAnswer.Done();
    }

    /// <summary>Takes a file away.</summary>
    public ApplyAnswer.Done Delete(string path)
    {
        Work.Delete(path);
        return new ApplyAnswer.Done();
    }

    /// <summary>
    /// Asks the converter of an image in the store. The image is believed by the certificates that unit.yaml names, whatever hitlessd says
    /// of it, and the question is made of what lies on this unit.
    /// </summary>
    public async Task<ApplyAnswer> ConvertAsync(ApplyRequest.Convert convert, CancellationToken cancel)
    {
        if (convert.ImageHash.Length != HashDigits || !convert.ImageHash.All(char.IsAsciiHexDigitLower))
        {
            return new ApplyAnswer.Refused("no image has such a hash", Listed: false);
        }

        var trust = TrustStore.Empty;
        if (settings.Upgrade.TrustFile is { } trustFile && !TrustStore.TryRead(trustFile, out trust, out var untrusted))
        {
            return NotAsked(untrusted!.Error, untrusted.Remedy);
        }

        if (
            !new ImageStore(stateFolder, trust).TryFind(convert.ImageHash, out _, out var path, out var problem)
            || !ImageFile.TryOpen(path, out var image, out problem)
        )
        {
            return NotAsked(problem!.Error, problem.Remedy);
        }

        using (image)
        {
            if (image.Verify(trust, DateTimeOffset.UtcNow) is { } unbelieved)
            {
                return NotAsked(unbelieved.Error, unbelieved.Remedy);
            }

            var files = convert.Revision is { } revision
                ? new RevisionStore(Path.Combine(stateFolder, "configuration")).Read(revision)?.Files
                : [];
            if (files is null)
            {
                return NotAsked("the revision is not on this unit", "hitless config sync brings it");
            }

            var question = new ConversionQuestion(
                unitFile,
                File.Exists(unitFile) ? await File.ReadAllBytesAsync(unitFile, cancel) : [],
                files
            );
            var answer = await new LocalConverter(stateFolder, LocalConverter.DefaultTimeMax).AskAsync(
                image,
                convert.ImageHash,
                question,
                convert.Revision,
                cancel
            );
            return new ApplyAnswer.Converted(answer);
        }
    }

    /// <summary>Runs a command of the recipe that lies in a slot.</summary>
    public ApplyAnswer Run(ApplyRequest.RunRecipe run)
    {
        if (
            new SlotStore(stateFolder).ManifestIn(run.Slot, run.Unpacking)?.Recipe is not { } recipe
            || RecipeRunner.CommandOf(run.Act, recipe) is null
        )
        {
            return new ApplyAnswer.Refused($"the image in slot {run.Slot} has no recipe for it", Listed: false);
        }

        return _recipes.Run(run.Act, recipe, run.Slot, run.Unpacking) is { } problem
            ? new ApplyAnswer.Ended(problem.Error, problem.Remedy)
            : new ApplyAnswer.Ended(null, "");
    }

    private static ApplyAnswer.Converted NotAsked(string why, string remedy) => new(ConverterAnswer.NotAsked(why, remedy));
}
