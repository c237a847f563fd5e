using System.Globalization;
using Hitless.Core.Cluster;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Maintenance;

/// <summary>
/// What is left of the operator's hold, in the state directory: its time in milliseconds on the first line, its reason on the second. A
/// file that is damaged holds the unit until it is released: somebody wanted it out of service.
/// </summary>
public sealed class HoldFile(string stateFolder, StateDisk disk)
{
    private const string UntilReleased = "until-released";
    private readonly string path = Path.Combine(stateFolder, "hold");
    private readonly Lock gate = new();

    /// <summary>Ends when what was to be kept so far is on disk, or waits for a disk that takes no writes.</summary>
    public Task Written { get; private set; } = Task.CompletedTask;

    /// <summary>The hold that was kept; null: the unit is not held.</summary>
    public UnitHold? Read()
    {
        if (StateFile.Read(path, disk) is not { } text)
        {
            return null;
        }

        var (time, reason) = text.Split('\n', 2) is [var first, var second] ? (first, second.Trim()) : (text, "");
        var whole = StateFile.IsWhole(path);
        if (whole && time == UntilReleased)
        {
            return new UnitHold(reason, Remaining: null);
        }

        if (
            whole
            && long.TryParse(time, CultureInfo.InvariantCulture, out var left)
            && left >= 0
            && left <= UnitHold.TimeMax.TotalMilliseconds
        )
        {
            return left == 0 ? null : new UnitHold(reason, TimeSpan.FromMilliseconds(left));
        }

        disk.NoteDamage($"{path} is damaged: this unit is held until it is released (hitless unit release)");
        return new UnitHold("", Remaining: null);
    }

    /// <summary>
    /// Writes what is left down, now or as soon as that can be, each after what was kept before; null: the unit is held no longer. Does not
    /// wait for the disk.
    /// </summary>
    public void Keep(UnitHold? hold)
    {
        lock (gate)
        {
            Written = WriteAfterAsync(Written, hold);
        }
    }

    private async Task WriteAfterAsync(Task former, UnitHold? hold)
    {
        await former.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        disk.Write("the hold", () =>
        {
            if (hold is null)
            {
                File.Delete(path);
                return;
            }

            var time = hold.Remaining is { } left
                ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.TotalMilliseconds):0}")
                : UntilReleased;
            DurableFile.WriteOwnText(path, $"{time}\n{hold.Reason}\n");
        });
    }
}
