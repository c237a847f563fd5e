using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Recovery;

/// <summary>
/// Finds at the start what the daemon before this one had on its disk and what is gone or damaged since, says so, and fetches it from the
/// units that have it; then keeps the inventory. What no unit has is said with what to do, and forgotten.
/// </summary>
/// <param name="stateFolder">The state directory.</param>
/// <param name="otherUnits">How many other units the cluster has: what none of them has is lost.</param>
/// <param name="control">Knows who is there.</param>
/// <param name="disk">Takes what is to be said.</param>
/// <param name="parts">What can be fetched.</param>
/// <param name="revisions">Likewise.</param>
public sealed class StateRecovery(
    string stateFolder,
    int otherUnits,
    ControlLoop control,
    StateDisk disk,
    RecoverableParts parts,
    RevisionRecovery revisions
)
{
    private static readonly TimeSpan RetryIntervalMin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(15);
    private readonly string path = Path.Combine(stateFolder, StateInventory.FileName);
    private readonly List<(ILostPart Part, string Damage)> lost = [];
    private StateInventory known = StateInventory.Empty;

    /// <summary>Finds, fetches and keeps until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        Find();
        var retry = RetryIntervalMin;
        while (true)
        {
            if (lost.Count > 0 || revisions.IsWanted)
            {
                await FetchAsync(await control.ViewAsync(), cancel);
            }

            Keep();
            await Task.Delay(lost.Count > 0 || revisions.IsWanted ? retry : LookInterval, cancel);
            retry = 2 * retry < LookInterval ? 2 * retry : LookInterval;
        }
    }

    private void Find()
    {
        lost.Clear();
        known = StateInventory.TryRead(path) ?? StateInventory.Empty;
        foreach (var part in parts.LostOf(known))
        {
            var damage = $"{part.Name} is gone or damaged on this unit's disk: it is fetched from another unit, or {part.Remedy}";
            disk.NoteDamage(damage);
            lost.Add((part, damage));
        }
    }

    private async Task FetchAsync(ClusterView view, CancellationToken cancel)
    {
        string[] present = [.. view.Peers.Where(peer => peer.Present).Select(peer => peer.Name)];
        foreach (var (part, damage) in lost.ToArray())
        {
            var (from, answers) = await FetchAsync(part, present, cancel);
            if (from is not null || part.IsBack)
            {
                lost.Remove((part, damage));
                disk.NoteRepair(damage, $"{part.Name} was gone or damaged here, and has been fetched from {from ?? "another unit"}");
            }
            else if (answers >= otherUnits)
            {
                lost.Remove((part, damage));
                part.GiveUp();
                disk.NoteRepair(damage, $"{part.Name} is not whole on any other unit's disk");
                disk.NoteDamage($"{part.Name} is lost: gone or damaged here, and no other unit has it whole; {part.Remedy}");
            }
        }

        await revisions.FetchAsync(view, cancel);
    }

    /// <summary>The unit that had it; how many of the others have answered that they do not.</summary>
    private static async Task<(string? From, int Answers)> FetchAsync(ILostPart part, string[] units, CancellationToken cancel)
    {
        var answers = 0;
        foreach (var unit in units)
        {
            try
            {
                if (await part.TryFetchAsync(unit, cancel))
                {
                    return (unit, answers);
                }

                answers++;
            }
            catch (Exception e) when (e is PeerException or RefusedException)
            {
                // The unit cannot be asked now, or this one's disk cannot take it: tried again.
            }
        }

        return (null, answers);
    }

    /// <summary>What is still to be fetched stays known: the next start looks for it again.</summary>
    private void Keep()
    {
        var now = parts.Take(known, [.. lost.Select(each => each.Part)]);
        if (!now.Equals(known) || !File.Exists(path))
        {
            known = now;
            var bytes = now.ToJson();
            disk.Write("the inventory", () => DurableFile.WriteOwnBytes(path, bytes));
        }
    }
}
