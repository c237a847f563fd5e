using System.CommandLine;
using System.Text.Json;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Firmware;

namespace Hitless.Cli.Commands;

/// <summary><c>upgrade path FROM TO</c>.</summary>
internal static class PathCommand
{
    public static Command Make(Shell shell)
    {
        var from = new Argument<string>("FROM") { Description = "The version that runs" };
        var to = new Argument<string>("TO") { Description = "The version that is wanted" };
        var catalogue = new Option<string?>("--catalogue")
        {
            Description = "The images to choose from, as hitless firmware list --json writes them (default: those in the unit's store)",
            HelpName = "FILE",
        };
        return shell.Command(
            "path",
            "The images that lead from one version to another, in order",
            async call =>
            {
                var images = call.Value(catalogue) is { } file
                    ? JsonSerializer.Deserialize(await File.ReadAllTextAsync(file, call.Cancel), ApiJson.Default.IReadOnlyListImageInfo)
                        ?? []
                    : await call.Unit.GetAsync("/v1/firmware", ApiJson.Default.IReadOnlyListImageInfo, call.Cancel);
                var path = UpgradePath.Find(Version(call.Value(from)!), Version(call.Value(to)!), images)
                    ?? throw new RefusedException(
                        $"no images of the catalogue lead from {call.Value(from)} to {call.Value(to)}",
                        "add those in between to the catalogue, or to the unit's store: hitless firmware upload"
                    );
                call.Screen.Show(path, CliJson.Api.IReadOnlyListImageInfo, found =>
                {
                    call.Screen.Line(
                        found.Count == 0 ? "nothing to do" : $"{found.Count} upgrade{(found.Count > 1 ? "s, one after the other" : "")}:"
                    );
                    foreach (var image in found)
                    {
                        call.Screen.Line(
                            $"  {image.Version}  {Words.Short(image.Hash)}  can follow {string.Join(" or ", image.UpgradeFrom)}"
                        );
                    }
                });
                return ExitCode.Done;
            },
            from,
            to,
            catalogue
        );
    }

    private static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out var version) ? version : throw new UsageException($"{text} is no version", "write it as 1.2.3");
}
