using System.Net;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using YamlDotNet.RepresentationModel;

namespace Hitless.Daemon.Joining;

/// <summary>
/// The unit.yaml of a joining unit, made from the inviting unit's, and the inviting unit's own with the new unit among its peers. Both are
/// read as a unit reads them before anybody gets them.
/// </summary>
/// <param name="Own">The inviting unit's unit.yaml as it is to be.</param>
/// <param name="Joined">The joining unit's.</param>
/// <param name="Notes">What an operator has to do or to look at.</param>
public sealed record UnitFiles(string Own, string Joined, IReadOnlyList<string> Notes)
{
    private const int PriorityStep = 50;

    /// <summary>
    /// Derives both. <paramref name="told"/>: the addresses of units that get the new one among their peers by themselves.
    /// </summary>
    /// <exception cref="RefusedException">The joining unit lacks an address, or has one that does not go with the cluster's.</exception>
    public static UnitFiles Derive(
        string path,
        string text,
        byte[]? cluster,
        UnitSettings settings,
        JoinRequest joining,
        IReadOnlyCollection<PortAddress> told
    )
    {
        var (own, ownNotes) = WithPeer(path, text, cluster, settings, joining);
        var joined = Open(text);
        var notes = new List<string>(ownNotes);
        foreach (var theirs in LinksOf(joined))
        {
            var link = ReadLink(theirs);
            var address = AddressOn(link, joining);
            var others = link.Peers.Where(peer => !peer.Equals(address)).ToArray();
            joined.Set(theirs, "address", $"{address}");
            joined.SetItems(theirs, "peers", new[] { link.Address }.Concat(others).Select(peer => $"{peer}"));
            notes.AddRange(
                others
                    .Where(peer => !told.Contains(new PortAddress(link.Interface, $"{peer}")))
                    .Select(peer =>
                        $"the unit with {peer} on {link.Interface} is not heard, and must hear {joining.Unit} too: "
                        + $"add {address} to its peers"
                    )
            );
        }

        var unit = (YamlMappingNode)YamlEdit.Find(joined.Root, "unit")!;
        joined.Set(unit, "name", joining.Unit);
        joined.Set(unit, "priority", $"{joining.Priority ?? Math.Max(settings.Unit.Priority - PriorityStep, 0)}");
        if (YamlEdit.Find(unit, "values") is YamlMappingNode { Children.Count: > 0 })
        {
            notes.Add($"unit.values are {settings.Unit.Name}'s: look through them in {path} of {joining.Unit}");
        }

        return new UnitFiles(own, Checked(joined, path, cluster, joining.Unit), [.. notes.Distinct()]);
    }

    /// <summary>A unit's unit.yaml with the joining unit among its peers on every link, and what there is to say of it.</summary>
    /// <exception cref="RefusedException">The joining unit lacks an address, or has one that does not go with the cluster's.</exception>
    public static (string Text, IReadOnlyList<string> Notes) WithPeer(
        string path,
        string text,
        byte[]? cluster,
        UnitSettings settings,
        JoinRequest joining
    )
    {
        if (joining.Unit == settings.Unit.Name)
        {
            throw new RefusedException(
                $"this unit is named {joining.Unit} itself",
                "give the joining unit another name: hitless join CODE --unit NAME"
            );
        }

        var own = Open(text);
        var notes = new List<string>();
        foreach (var mine in LinksOf(own))
        {
            var link = ReadLink(mine);
            var address = AddressOn(link, joining);
            if (link.Peers.Contains(address))
            {
                notes.Add($"{settings.Unit.Name} has {address} among its peers on {link.Interface} already");
            }
            else
            {
                own.Append((YamlSequenceNode)YamlEdit.Find(mine, "peers")!, $"{address}");
            }
        }

        return (Checked(own, path, cluster, settings.Unit.Name), notes);
    }

    /// <summary>A unit's own addresses on its links.</summary>
    public static IEnumerable<PortAddress> AddressesOf(UnitSettings settings) =>
        settings
            .Heartbeat.Links.Concat(settings.SessionLink is { } session ? [session] : [])
            .Select(link => new PortAddress(link.Interface, $"{link.Address}"));

    /// <summary>A unit.yaml without these addresses among its peers.</summary>
    /// <exception cref="RefusedException">It is not readable.</exception>
    public static string Without(string path, string text, byte[]? cluster, IReadOnlyCollection<IPAddress> addresses)
    {
        var edit = Open(text);
        foreach (var link in LinksOf(edit))
        {
            var peers = ReadLink(link).Peers;
            if (peers.Any(addresses.Contains))
            {
                edit.SetItems(link, "peers", peers.Where(peer => !addresses.Contains(peer)).Select(peer => $"{peer}"));
            }
        }

        return Checked(edit, path, cluster, "this unit");
    }

    private static YamlEdit Open(string text) =>
        YamlEdit.Open(text) ?? throw new RefusedException("this unit's own unit.yaml is not readable any more", "mend it first");

    private static IEnumerable<YamlMappingNode> LinksOf(YamlEdit file)
    {
        var heartbeat = YamlEdit.Find(YamlEdit.Find(file.Root, "heartbeat"), "links") as YamlSequenceNode;
        var session = YamlEdit.Find(YamlEdit.Find(file.Root, "sessions"), "link") as YamlMappingNode;
        return (heartbeat?.Children.OfType<YamlMappingNode>() ?? []).Concat(session is null ? [] : [session]);
    }

    private static HeartbeatLinkSettings ReadLink(YamlMappingNode link) =>
        new(
            Text(YamlEdit.Find(link, "interface")),
            IPAddress.Parse(Text(YamlEdit.Find(link, "address"))),
            [.. ((YamlSequenceNode)YamlEdit.Find(link, "peers")!).Select(peer => IPAddress.Parse(Text(peer)))]
        );

    private static string Text(YamlNode? node) => (node as YamlScalarNode)?.Value ?? "";

    private static IPAddress AddressOn(HeartbeatLinkSettings link, JoinRequest joining)
    {
        var found = joining
            .Addresses.Where(each => each.Interface == link.Interface)
            .Select(each => IPAddress.TryParse(each.Address, out var address) ? address : null)
            .FirstOrDefault(address =>
                address is { IsIPv6LinkLocal: false }
                && address.AddressFamily == link.Address.AddressFamily
                && !address.Equals(link.Address)
            );
        return found
            ?? throw new RefusedException(
                $"{joining.Unit} has no address of its own on {link.Interface} that goes with {link.Address}",
                $"give it one (and the interface the same name on both units), then: hitless join CODE"
            );
    }

    private static string Checked(YamlEdit edit, string path, byte[]? cluster, string unit)
    {
        var text = edit.ToString();
        return UnitFile.TryParse(Encoding.UTF8.GetBytes(text), path, cluster, out _, out var problems)
            ? text
            : throw new RefusedException($"the unit.yaml of {unit} would be wrong: {problems[0]}", "add the unit by hand (README)");
    }
}
