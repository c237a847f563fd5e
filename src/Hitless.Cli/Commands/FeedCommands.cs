using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Spectre.Console;

namespace Hitless.Cli.Commands;

/// <summary><c>firmware check</c>: what newer images the unit's feed has; <c>firmware index</c>: for those who keep a feed.</summary>
internal static class FeedCommands
{
    private const int DaysMax = 3650;

    public static Command Check(Shell shell)
    {
        var download = new Option<string?>("--download")
        {
            Description =
                "Put the images of this version, and those that lead to it, into the unit's store; without a version: the newest that the "
                + "unit can be upgraded to",
            HelpName = "VERSION",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return shell.Command(
            "check",
            "What newer images the unit's feed has (upgrade.feed)",
            async call =>
            {
                var wanted = call.Has(download) ? call.Value(download) ?? FeedRequest.Newest : null;
                var asked = call.Unit.PostAsync(
                    "/v1/firmware/check",
                    new FeedRequest(wanted),
                    ApiJson.Default.FeedRequest,
                    ApiJson.Default.FeedReport,
                    call.Cancel
                );
                await WhileAsync(call, wanted is not null, asked);
                var report = await asked;
                call.Screen.Show(report, CliJson.Api.FeedReport, Show(call.Screen));
                return ExitCode.Done;
            },
            download
        );
    }

    public static Command Index(Shell shell)
    {
        var folder = new Argument<string>("DIR") { Description = "A folder with images (.hli), in folders below it too" };
        var key = BuildCommand.Key();
        var days = new Option<int>("--days")
        {
            Description = "For how many days the index is believed; sign it again before",
            HelpName = "N",
            DefaultValueFactory = _ => 90,
        };
        var output = new Option<string?>("--out") { Description = "The index to write (default: hitless.feed in DIR)", HelpName = "F" };
        return shell.Command(
            "index",
            "Make the signed index of a folder with images, which units ask as their feed",
            call => Task.FromResult(Make(call, call.Value(folder)!, call.Value(key)!, call.Value(days), call.Value(output))),
            folder,
            key,
            days,
            output
        );
    }

    private static Action<FeedReport> Show(Screen screen) =>
        report =>
        {
            screen.Line($"{report.Feed}, signed by {report.SignedBy} at {report.IssuedAt:yyyy-MM-dd HH:mm} UTC");
            if (report.Newer.Count == 0)
            {
                screen.Line($"nothing newer than {report.Running}, which runs");
            }

            foreach (var (image, stored, path) in report.Newer)
            {
                screen.Line(
                    $"{image.Version}  {Words.Bytes(image.SizeBytes)}, by {image.Activation}{(stored ? ", in this unit's store" : "")}"
                );
                screen.Line(
                    path.Count switch
                    {
                        0 => $"  no images of the feed lead here: it can follow {string.Join(" or ", image.UpgradeFrom)}",
                        1 => $"  can follow {report.Running}, which runs",
                        _ => $"  {path.Count} upgrades, one after the other: {string.Join(", ", path)}",
                    }
                );
                foreach (var line in image.ReleaseNotes.TrimEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    screen.Line($"  {line.TrimEnd()}");
                }
            }

            if (report.Downloaded.Count > 0)
            {
                screen.Line($"in this unit's store now: {string.Join(", ", report.Downloaded.Select(image => image.Version))}");
            }

            if (report.Newer.FirstOrDefault(offer => offer.Path.Count > 0)?.Path is [var first, ..])
            {
                var stored = report.Newer.Any(offer => offer.Image.Version == first && offer.Stored);
                screen.Line($"next: hitless {(stored ? $"upgrade start {first}" : "firmware check --download")}");
            }
        };

    // How much there is to come is the unit's knowledge: a sign of life.
    private static Task WhileAsync(Call call, bool downloads, Task asked) =>
        downloads && call.Screen is { Json: false, IsTerminal: true }
            ? call
                .Screen.Console.Status()
                .StartAsync("downloading images", _ => Task.WhenAny(asked, Task.Delay(Timeout.Infinite, call.Cancel)))
            : Task.CompletedTask;

    private static int Make(Call call, string folder, string key, int days, string? output)
    {
        if (days is < 1 or > DaysMax)
        {
            throw new UsageException($"--days {days} is not understood", $"write a number from 1 to {DaysMax}");
        }

        var file = output ?? Path.Combine(folder, "hitless.feed");
        using var signer = BuildCommand.ReadKey(key);
        var now = TimeProvider.System.GetUtcNow();
        var offered = Directory
            .EnumerateFiles(folder, "*.hli", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => Offer(folder, path, call.Screen))
            .ToArray();
        if (offered.Length is 0 or > FeedIndex.ImagesMax)
        {
            throw new RefusedException(
                $"{offered.Length} images (.hli) are in {folder}",
                $"an index has 1 to {FeedIndex.ImagesMax}: hitless firmware build makes images"
            );
        }

        var index = new FeedIndex(now, now.AddDays(days), offered);
        DurableFile.WriteAllBytes(file, SignedIndex.Sign(index, signer));
        call.Screen.Show(index, CliJson.Own.FeedIndex, made =>
        {
            foreach (var (path, image) in made.Images)
            {
                call.Screen.Line($"{image.Version}  {path}");
            }

            call.Screen.Line($"{file} is believed until {made.ExpiresAt:yyyy-MM-dd HH:mm} UTC; units ask it with upgrade.feed");
        });
        return ExitCode.Done;
    }

    private static OfferedImage Offer(string folder, string path, Screen screen)
    {
        if (!ImageFile.TryOpen(path, out var image, out var problem))
        {
            throw new RefusedException(new Refusal($"{path}: {problem!.Error}", problem.Remedy));
        }

        using (image)
        {
            screen.Error.WriteLine($"reading {path}");
            return new OfferedImage(Path.GetRelativePath(folder, path), image.Describe(image.ComputeHash()));
        }
    }
}
