using System.CommandLine;
using System.Globalization;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Spectre.Console;

namespace Hitless.Cli.Commands;

/// <summary>What <c>check</c>, <c>plan</c> and <c>start</c> are told about a run, by the same words.</summary>
internal sealed class UpgradeWish
{
    private readonly Option<bool> guided = new("--guided") { Description = "Wait for the operator at each gate (hitless upgrade next)" };
    private readonly Option<bool> keep = new("--keep-primary") { Description = "Let the unit that is primary after the upgrade stay so" };
    private readonly Option<bool> standbys = new("--standbys-only")
    {
        Description = "Upgrade the standbys and stay mixed; finish by another start, or go back by rollback RUN",
    };
    private readonly Option<bool> thisUnit = new("--this-unit-only") { Description = "Upgrade the unit that this command talks to" };
    private readonly Option<bool> parallel = new("--parallel") { Description = "All standbys at once, not one after the other" };
    private readonly Option<bool> keepRedundancy = new("--keep-redundancy")
    {
        Description = "Take a unit out only while two others are ready (three or more units)",
    };
    private readonly Option<bool> simultaneous = new("--simultaneous")
    {
        Description = "Every unit at once, the primary too: fast, and it may interrupt the traffic",
    };
    private readonly Option<bool> acceptInterruption = new("--accept-interruption")
    {
        Description = "Confirm that traffic may be interrupted: by --simultaneous, or for the sessions that cannot follow the switch",
    };
    private readonly Option<bool> acceptConversion = new("--accept-conversion")
    {
        Description = "Although the image's converter loses or changes what upgrade check names",
    };
    private readonly Option<bool> rehearse = new("--rehearse") { Description = "First switch over and back, to try it" };
    private readonly Option<string?> at = new("--at") { Description = "Begin at this time (22:30, or ISO 8601)", HelpName = "TIME" };
    private readonly Option<string?> until = new("--until")
    {
        Description = "Begin nothing that would last beyond this time; the run pauses instead",
        HelpName = "TIME",
    };
    private readonly Option<bool> outside = new("--outside-window")
    {
        Description = "Although no maintenance window (upgrade.windows) is open",
    };
    private readonly Option<bool> downgrade = new("--allow-downgrade")
    {
        Description = "Take an image below upgrade.minimum-version all the same",
    };
    private readonly Option<int> delay = new("--random-delay")
    {
        Description = "Begin up to so many seconds later, at random",
        HelpName = "SECONDS",
    };

    /// <summary>Which image.</summary>
    public ImageWish Image { get; } = new();

    public Symbol[] Symbols =>
        [
            .. Image.Symbols,
            guided,
            keep,
            standbys,
            thisUnit,
            parallel,
            keepRedundancy,
            simultaneous,
            acceptInterruption,
            acceptConversion,
            rehearse,
            at,
            until,
            delay,
            outside,
            downgrade,
        ];

    /// <summary>The request that the command line describes; a file is uploaded.</summary>
    public async Task<UpgradeRequest> RequestAsync(Call call)
    {
        if (call.Value(standbys) && call.Value(thisUnit))
        {
            throw new UsageException("--standbys-only and --this-unit-only exclude each other", "give one of them");
        }

        return new UpgradeRequest(await Image.UploadedAsync(call), call.Value(guided), call.Value(keep))
        {
            Extent =
                call.Value(standbys) ? "standbys"
                : call.Value(thisUnit) ? "this"
                : "all",
            Parallel = call.Value(parallel),
            KeepRedundancy = call.Value(keepRedundancy),
            Simultaneous = call.Value(simultaneous),
            AcceptInterruption = call.Value(acceptInterruption),
            AcceptConversion = call.Value(acceptConversion),
            Rehearse = call.Value(rehearse),
            At = Time("--at", call.Value(at))?.AddSeconds(Random.Shared.Next(call.Value(delay) + 1))
                ?? (call.Value(delay) > 0 ? DateTimeOffset.UtcNow.AddSeconds(Random.Shared.Next(call.Value(delay) + 1)) : null),
            Until = Time("--until", call.Value(until)),
            OutsideWindow = call.Value(outside),
            AllowDowngrade = call.Value(downgrade),
        };
    }

    /// <summary>Stays until the time has come.</summary>
    public static async Task WaitUntilAsync(Call call, DateTimeOffset? time)
    {
        if (time is { } begin && begin > DateTimeOffset.UtcNow)
        {
            if (!call.Screen.Json)
            {
                call.Screen.Line($"begins at {Words.Time(begin)}");
            }

            for (var left = begin - DateTimeOffset.UtcNow; left > TimeSpan.Zero; left = begin - DateTimeOffset.UtcNow)
            {
                await Task.Delay(left < TimeSpan.FromMinutes(1) ? left : TimeSpan.FromMinutes(1), call.Cancel);
            }
        }
    }

    /// <summary>Asks once more before every unit restarts at once; a script says it by an option.</summary>
    public static UpgradeRequest Confirmed(Call call, UpgradeRequest request) =>
        request is { Simultaneous: true, AcceptInterruption: false }
        && call.Screen.IsTerminal
        && !call.Screen.Json
        && !Console.IsInputRedirected
            ? request with
            {
                AcceptInterruption = call.Screen.Console.Prompt(
                    new ConfirmationPrompt("Every unit restarts at once, and the traffic may be interrupted. Really?")
                    {
                        DefaultValue = false,
                    }
                ),
            }
            : request;

    private static DateTimeOffset? Time(string option, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var clock))
        {
            var today = new DateTimeOffset(DateTime.Today.Add(clock.ToTimeSpan()));
            return today > DateTimeOffset.Now ? today : today.AddDays(1);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            ? time
            : throw new UsageException($"{option} {text} is no time", "write 22:30, or 2026-01-31T22:30:00Z");
    }
}
