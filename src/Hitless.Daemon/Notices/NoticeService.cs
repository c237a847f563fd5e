using System.Globalization;
using Hitless.Core.Configuration;
using Hitless.Core.Notices;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Notices;

/// <summary>
/// Tells those whom <c>notices:</c> lists of this unit's events, each in the order of their numbers, over and over until it is taken. How
/// far each is, is kept on disk, so a restart tells nothing twice that was taken, and leaves out nothing that is still in the log.
/// </summary>
public sealed class NoticeService(UnitSettings settings, string stateFolder, EventLog events, StateDisk disk)
{
    private readonly string folder = Path.Combine(stateFolder, "notices");
    private readonly IReadOnlyList<NoticeSettings> told = settings.Notices;
    private readonly string?[] failures = new string?[settings.Notices.Count];

    /// <summary>Nobody is to be told.</summary>
    public bool IsIdle => told.Count == 0;

    /// <summary>One line for each that does not take what it is told.</summary>
    public IReadOnlyList<string> Problems =>
        [
            .. told.Select(
                    (each, i) =>
                        Volatile.Read(ref failures[i]) is { } why
                            ? $"notices do not reach {each.Name}: {why}; they are told again until they are taken"
                            : null
                )
                .OfType<string>(),
        ];

    /// <summary>Tells until <paramref name="cancel"/>.</summary>
    public Task RunAsync(CancellationToken cancel) =>
        Task.WhenAll(told.Select((each, i) => StandingTask.Run($"notices to {each.Name}", () => TellAsync(i, cancel), events, cancel)));

    private async Task TellAsync(int index, CancellationToken cancel)
    {
        using INoticeTarget target = told[index].Url is { } page
            ? new WebhookTarget(page, told[index].SecretFile, settings.Cluster.Name)
            : new SyslogTarget(told[index].Syslog!, settings.Cluster.Name);
        var file = Path.Combine(folder, told[index].Name);
        var reached = await ReachedAsync(file, cancel);
        while (!cancel.IsCancellationRequested)
        {
            reached = await TellAsync(index, target, file, reached, cancel);
        }
    }

    // Until some were left out because this one was too slow: those are still in the log.
    private async Task<long> TellAsync(int index, INoticeTarget target, string file, long reached, CancellationToken cancel)
    {
        var wish = told[index];
        var backoff = new Backoff();
        var first = true;
        await foreach (var each in events.FollowAsync(reached, cancel))
        {
            if (each.Number > reached + 1 && !first)
            {
                break;
            }

            first = false;
            while (wish.Wants(each.Kind) && await target.TellAsync(each, cancel) is { } why)
            {
                Volatile.Write(ref failures[index], why);
                await Task.Delay(backoff.Next(), cancel);
            }

            backoff.Reset();
            Volatile.Write(ref failures[index], null);
            reached = each.Number;
            disk.Write($"how far notices to {wish.Name} are", () => Keep(file, each.Number));
        }

        return reached;
    }

    // Somebody new is told from now on, not of the past.
    private async Task<long> ReachedAsync(string file, CancellationToken cancel)
    {
        var last = await events.LastAsync(null, 1, cancel) is [.., var newest] ? newest.Number : 0;
        return long.TryParse(StateFile.Read(file, disk), NumberStyles.None, CultureInfo.InvariantCulture, out var kept) && kept <= last
            ? kept
            : last;
    }

    private void Keep(string file, long number)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(file + ".new", number.ToString(CultureInfo.InvariantCulture));
        File.Move(file + ".new", file, overwrite: true);
    }
}
