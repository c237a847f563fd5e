using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Routes;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// Remembers the routes that hang on virtual addresses while those stand, and puts them back after whoever took the addresses away
/// (<see cref="HangingRoutes"/>). Belongs to one thread.
/// </summary>
public sealed class RouteKeeper : IDisposable
{
    // Who sets an interface up sets its routes too, in a moment, and stumbles over one that is there already.
    private static readonly TimeSpan LinkSettle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SaveAgain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);
    private readonly IReadOnlyList<PortSettings> ports;
    private readonly EventLog events;
    private readonly LinkTable links = new();
    private readonly AddressTable addresses = new();
    private readonly RouteTable routes = new();
    private IReadOnlyList<KernelRoute> remembered;
    private readonly string file;
    private string saved = "";
    private bool unsaved;
    private bool disturbed;
    private TimeSpan dueAt = TimeSpan.Zero;

    /// <param name="ports">The interfaces with their virtual addresses.</param>
    /// <param name="file">Where what is remembered outlives the process and the boot.</param>
    /// <param name="remembered">What hung on virtual addresses before this process changed any; null: the virtual addresses did not stand
    /// then (a reboot, say), and the file tells.</param>
    /// <param name="events">Where it tells what it has put back.</param>
    public RouteKeeper(IReadOnlyList<PortSettings> ports, string file, IReadOnlyList<KernelRoute>? remembered, EventLog events)
    {
        (this.ports, this.file, this.events) = (ports, file, events);
        this.remembered = remembered ?? Load(file);
        disturbed = this.remembered.Count > 0;
    }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public TimeSpan NextDeadline => dueAt;

    /// <summary>The routes that hang on virtual addresses now.</summary>
    public static IReadOnlyList<KernelRoute> Read(IReadOnlyList<PortSettings> ports)
    {
        using var links = new LinkTable();
        using var addresses = new AddressTable();
        using var routes = new RouteTable();
        var names = links.Read().ToDictionary(link => link.Index, link => link.Name);
        var all = routes.Read(names);
        return Hanging(all, ports, addresses.Read(), names);
    }

    /// <summary>Takes note of a change; an address that goes is told before the routes that go with it.</summary>
    public void Take(LinkChange change, TimeSpan now)
    {
        switch (change.Kind)
        {
            case LinkChangeKind.AddressRemoved
                when ports.Any(port => port.VirtualAddresses.Any(each => each.Address.Equals(change.Address.Prefix.Address))):
                disturbed = true;
                dueAt = now;
                break;
            case LinkChangeKind.LinkRemoved when IsPort(change.Link.Name):
            case LinkChangeKind.Link when IsPort(change.Link.Name) && !change.Link.AdminUp:
                disturbed = true;
                dueAt = now + LinkSettle;
                break;
            case LinkChangeKind.AddressAdded when disturbed:
                dueAt = dueAt > now + Settle ? dueAt : now;
                break;
            default:
                dueAt = dueAt > now && dueAt != TimeSpan.MaxValue ? dueAt : now + Settle;
                break;
        }
    }

    /// <summary>Remembers, or puts back.</summary>
    public void Tick(TimeSpan now)
    {
        if (now < dueAt)
        {
            return;
        }

        dueAt = TimeSpan.MaxValue;
        var there = links.Read();
        var names = there.ToDictionary(link => link.Index, link => link.Name);
        var linkOf = there.ToDictionary(link => link.Name, link => link.Index, StringComparer.Ordinal);
        var standing = addresses.Read();
        if (!AllStand(standing, linkOf, there))
        {
            disturbed = true;
            dueAt = now + LookAgain;
            return;
        }

        var all = routes.Read(names);
        if (disturbed)
        {
            PutBack(all, linkOf);
            disturbed = false;
            dueAt = now + Settle;
        }
        else
        {
            remembered = Hanging(all, ports, standing, names);
            Save();
            dueAt = unsaved ? now + SaveAgain : dueAt;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        links.Dispose();
        addresses.Dispose();
        routes.Dispose();
    }

    private static IReadOnlyList<KernelRoute> Load(string file)
    {
        try
        {
            return File.Exists(file)
                ? [.. File.ReadLines(file).Select(line => KernelRoute.TryParse(line, out var route) ? route : null).OfType<KernelRoute>()]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A disk that takes nothing costs the routes at the next reboot, no more.</summary>
    private void Save()
    {
        var text = string.Concat(remembered.Select(route => $"{route}\n"));
        if (text == saved)
        {
            return;
        }

        try
        {
            DurableFile.WriteOwnText(file, text);
            saved = text;
            unsaved = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Said once, and tried again.
            if (!unsaved)
            {
                events.Add(
                    EventKinds.Unit,
                    $"routes that hang on virtual addresses could not be saved, and will be missing after a reboot unless they can "
                        + $"be later: {e.Message}"
                );
            }

            unsaved = true;
        }
    }

    private void PutBack(IReadOnlyList<KernelRoute> standing, IReadOnlyDictionary<string, int> linkOf)
    {
        var missing = HangingRoutes.Missing(remembered.Select(each => each.Route), standing.Select(each => each.Route)).ToHashSet();
        foreach (var route in remembered.Where(each => missing.Contains(each.Route)))
        {
            var result = routes.Restore(route, linkOf);
            events.Add(
                EventKinds.Unit,
                result.Succeeded
                    ? $"put back a route that went with a virtual address: {route.Route}"
                    : $"the route {route.Route} went with a virtual address and could not be put back: {result}; set it again"
            );
        }
    }

    private bool IsPort(string name) => ports.Any(port => port.Name == name);

    private bool AllStand(IReadOnlyList<LocalAddress> standing, IReadOnlyDictionary<string, int> linkOf, IReadOnlyList<Link> there)
    {
        var set = standing.Select(each => new LinkAddress(each.LinkIndex, each.Prefix)).ToHashSet();
        return ports.All(port =>
            linkOf.TryGetValue(port.Name, out var index)
            && there.Any(link => link.Index == index && link.AdminUp)
            && port.VirtualAddresses.All(each => set.Contains(new LinkAddress(index, each)))
        );
    }

    private static IReadOnlyList<KernelRoute> Hanging(
        IReadOnlyList<KernelRoute> all,
        IReadOnlyList<PortSettings> ports,
        IReadOnlyList<LocalAddress> standing,
        IReadOnlyDictionary<int, string> names
    )
    {
        // Those of a process before are virtual ones too, whatever the configuration says by now.
        (string, AddressPrefix)[] virtualOnes =
        [
            .. ports.SelectMany(port => port.VirtualAddresses.Select(each => (port.Name, each))),
            .. In(standing.Where(each => each.OfHitless)),
        ];
        (string, AddressPrefix)[] own = [.. In(standing.Where(each => !each.OfHitless))];
        var hanging = HangingRoutes.Among(all.Select(each => each.Route), virtualOnes, own).ToHashSet();
        return [.. all.Where(each => hanging.Contains(each.Route))];

        IEnumerable<(string, AddressPrefix)> In(IEnumerable<LocalAddress> some) =>
            some.Select(each => (names.GetValueOrDefault(each.LinkIndex, ""), each.Prefix));
    }
}
