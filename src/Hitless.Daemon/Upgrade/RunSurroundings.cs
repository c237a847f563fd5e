using System.Net;
using System.Text.Json;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Neighbours;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Changes;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Firmware.Files;
using Hitless.Linux.Counters;
using Hitless.Linux.Neighbours;
using Hitless.Linux.Netlink;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// What stands around the traffic on this unit: written down before a run (<c>surroundings/RUN.json</c>), and read again when somebody
/// makes the run's report. Nothing of a run depends on it: what cannot be read or written is said to be not known.
/// </summary>
public sealed class RunSurroundings(UnitSettings settings, string stateFolder, ControlLoop control, IRootWork work, StateDisk disk)
{
    private const int KeptRuns = 3;
    private const string GatewayWord = "via ";
    private static readonly TimeSpan CommandTimeMax = TimeSpan.FromSeconds(5);
    private readonly string folder = Path.Combine(stateFolder, "surroundings");
    private readonly string[] ports = [.. settings.Interfaces.Select(port => port.Name)];

    /// <summary>
    /// Writes down how it is now, unless that was done for the run already. What goes wrong is seen when somebody asks: there is no note.
    /// </summary>
    public async Task KeepBeforeAsync(string run, CancellationToken cancel)
    {
        if (!JournalStore.IsName(run) || File.Exists(PathOf(run)))
        {
            return;
        }

        try
        {
            Keep(run, JsonSerializer.SerializeToUtf8Bytes(await ReadAsync(cancel), UpgradeJson.Default.Surroundings));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A backup is what the step is for.
        }
    }

    /// <summary>Before the run, as it was written down, and now.</summary>
    public async Task<UnitBeforeAndAfter> CompareAsync(string run, CancellationToken cancel)
    {
        var unit = settings.Unit.Name;
        if (!JournalStore.IsName(run) || !File.Exists(PathOf(run)))
        {
            return new UnitBeforeAndAfter(unit, null, null, "it has no note of how it was before the run");
        }

        try
        {
            var before = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(PathOf(run), cancel), UpgradeJson.Default.Surroundings);
            return before is { Items: not null, NotRead: not null } && before.Items.All(item => item is { Name: not null, Value: not null })
                ? new UnitBeforeAndAfter(unit, before, await ReadAsync(cancel), null)
                : new UnitBeforeAndAfter(unit, null, null, "its note of how it was before the run is damaged");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new UnitBeforeAndAfter(unit, null, null, $"how it was before the run, or how it is, cannot be read: {e.Message}");
        }
    }

    // What commands print is for whoever reads reports, and for nobody else on the machine.
    private void Keep(string run, byte[] content) => disk.Write($"what is around the traffic before {run}", () =>
        {
            Directory.CreateDirectory(folder);
            DurableFile.WriteOwnBytes(PathOf(run), content, DurableFile.OwnerOnly);
            foreach (var old in Directory.EnumerateFiles(folder).OrderByDescending(File.GetLastWriteTimeUtc).Skip(KeptRuns))
            {
                File.Delete(old);
            }
        });

    private async Task<Surroundings> ReadAsync(CancellationToken cancel)
    {
        List<string> notRead = [];
        var outputs = await Task.WhenAll(settings.Compared.Select(each => work.ProbeAsync(each.Command, CommandTimeMax, cancel)));
        var commands = settings.Compared.Zip(outputs).Where(each => each.Second.Ran).Select(each => ItemOf(each.First, each.Second));
        notRead.AddRange(
            settings
                .Compared.Zip(outputs)
                .Where(each => !each.Second.Ran)
                .Select(each => $"the command {each.First.Name} did not run: {each.Second.Why}")
        );
        var forwarding = control.Forwarding;
        if (forwarding is null)
        {
            notRead.Add("routes, rules and interfaces were not read yet");
        }

        StateItem[] items =
        [
            .. (forwarding?.Items ?? []).Select(item => new StateItem(StateKind.Forwarding, item.Name, item.Value)),
            .. GatewaysThatAnswer(forwarding, notRead),
            .. SurroundingsReader.Read(ports),
            .. commands,
        ];
        var view = await control.ViewAsync();
        return Surroundings.Of(view.Self.Role == UnitRole.Primary, items, notRead);
    }

    private static StateItem ItemOf(ComparedCommand command, CommandOutcome outcome) =>
        new(StateKind.Command, $"command {command.Name}", outcome.Why is { } why ? $"{outcome.Output}\n{why}" : outcome.Output);

    private List<StateItem> GatewaysThatAnswer(ForwardingState? forwarding, List<string> notRead)
    {
        var gateways = (forwarding?.Items ?? [])
            .Where(item => item.Kind == ForwardingKind.Route)
            .SelectMany(item => GatewaysIn(item.Value))
            .ToHashSet();
        List<Neighbour> known = [];
        try
        {
            using var table = new NeighbourTable(ports);
            table.Read(known);
        }
        catch (NetlinkException e)
        {
            notRead.Add($"neighbours could not be read: {e.Message}");
        }

        return
        [
            .. known
                .Select(each => (Port: ports[each.Port], Address: AddressOf(each)))
                .Where(each => gateways.Contains(each.Address))
                .Select(each => new StateItem(StateKind.Neighbour, $"gateway {each.Address} dev {each.Port}", "answers")),
        ];
    }

    private static IEnumerable<IPAddress> GatewaysIn(string route)
    {
        foreach (var part in route.Split(GatewayWord).Skip(1))
        {
            if (IPAddress.TryParse(part.Split(' ', 2)[0], out var gateway))
            {
                yield return gateway;
            }
        }
    }

    private static IPAddress AddressOf(Neighbour neighbour)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, neighbour.Address);
        return new IPAddress(bytes[(16 - neighbour.AddressBytes)..]);
    }

    private string PathOf(string run) => Path.Combine(folder, run + ".json");
}
