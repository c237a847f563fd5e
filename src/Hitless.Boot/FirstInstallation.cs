using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Boot;

/// <summary>
/// <c>hitless-boot --install</c>: the first image of a unit, into slot a, good from the start. Everything later goes through an upgrade.
/// </summary>
internal static class FirstInstallation
{
    /// <summary>The exit code: 0 installed (or the same image already is), 1 refused.</summary>
    public static int Run(string imageFile, string trustFile, SlotStore slots, DateTimeOffset now, Action<string> log)
    {
        if (!TrustStore.TryRead(trustFile, out var trust, out var problem) || !ImageFile.TryOpen(imageFile, out var image, out problem))
        {
            return Refuse(problem!, log);
        }

        using (image)
        {
            var hash = image.ComputeHash();
            var state = slots.Read(out _);
            if (state.Content(state.Active) is { } installed)
            {
                if (installed.ImageHash == hash)
                {
                    log($"version {installed.Version} is already installed");
                    return 0;
                }

                return Refuse(
                    new ImageProblem(
                        ImageFault.NotAllowed,
                        $"slot {BootState.NameOf(state.Active)} already holds version {installed.Version}",
                        "upgrade it with `hitless upgrade start`"
                    ),
                    log
                );
            }

            problem = slots.Install(image, hash, trust, now, Slot.A, running: null);
            if (problem is not null)
            {
                return Refuse(problem, log);
            }

            log($"version {image.Manifest.Version} installed into slot a");
            return 0;
        }
    }

    private static int Refuse(ImageProblem problem, Action<string> log)
    {
        log(problem.Error);
        log(problem.Remedy);
        return 1;
    }
}
