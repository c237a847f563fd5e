using System.Net;
using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Balance;

/// <summary>Who forwards which bucket, as every unit can tell it: the primary knows, the others ask it. For several threads.</summary>
public sealed class BalanceOwners(UnitSettings settings, ControlLoop control, PeerClient peers, BalanceKernel kernel)
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(1);

    // Between two parts the kernel's table can be changed: no bucket waits for a long list.
    private const int LookUpsAtOnce = 256;

    private volatile OwnersAnswer owners = new([]);

    /// <summary>The primary's table, by names, and the hosts whose flows stay on it all the same; on another unit: empty.</summary>
    public void Keep(IReadOnlyList<string> names, IReadOnlyList<HostAddress> unlisted) =>
        owners = new OwnersAnswer(names) { Unlisted = [.. unlisted.Select(host => host.ToString())] };

    /// <summary>The call by which the others ask.</summary>
    public void Map(PeerServer server) =>
        server.Map(BalanceCalls.Owners, async (_, _) =>
            (await control.ViewAsync()).Self.Role == UnitRole.Primary
                ? owners
                : throw new RefusedException("this unit is not primary", "hitless status tells who is")
        );

    /// <summary>
    /// Who forwards flows between these addresses now; null: in mode active-passive (the primary forwards all), and where it is not known.
    /// </summary>
    public async Task<FlowOwners?> ReadAsync(IReadOnlySet<IPAddress> addresses, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (!settings.Cluster.ActiveActive || view.Primary is not { } primary)
        {
            return null;
        }

        try
        {
            var now =
                primary.Id == view.Self.Id
                    ? owners
                    : await peers.CallAsync(primary.Name, BalanceCalls.Owners, new PeerQuestion(view.Self.Name), AskTimeout, cancel);
            var sides = new[] { new HashSet<IPAddress>(), new HashSet<IPAddress>() };
            foreach (var part in addresses.Chunk(LookUpsAtOnce))
            {
                foreach (var (address, side) in await kernel.SidesOfAsync(part))
                {
                    sides[side == PortSide.Inside ? 0 : 1].Add(address);
                }
            }

            var unlisted = now.Unlisted.Select(each => IPAddress.TryParse(each, out var host) ? host : null).OfType<IPAddress>();
            AddressPrefix[] kept = [.. settings.KeptOnPrimary, .. unlisted.Select(host => HostAddress.Of(host).Prefix)];
            return new FlowOwners(primary.Name, now.Owners, kept, sides[0], sides[1]);
        }
        catch (Exception e) when (e is PeerException or IOException or Linux.Netlink.NetlinkException)
        {
            return null;
        }
    }
}
