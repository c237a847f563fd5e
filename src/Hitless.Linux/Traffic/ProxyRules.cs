using Hitless.Linux.Nftables;
using static Hitless.Linux.Traffic.NeighbourFrames;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The part of the traffic table about answers on behalf of others: the primary gives them with the virtual MAC, which goes with the role,
/// and the other units give none (docs/decisions/0075). At egress only; a unit hears all questions. Offsets: ARP (RFC 826).
/// </summary>
internal static class ProxyRules
{
    private const string OwnSet = "own4";
    private const int ArpOperation = 6;

    private static ReadOnlySpan<byte> Reply => [0, 2];

    /// <summary>How many bytes the rules of all ports take at most, in one copy of the table.</summary>
    internal static int Bytes(ProxiedAnswers proxied) =>
        (proxied.Own.Count * 64) + proxied.Ports.Sum(port => 8192 + (port.Ipv6.Count * 6144));

    /// <summary>What the rules below look up.</summary>
    internal static void WriteSet(ref NftBatchWriter batch, ProxiedAnswers proxied)
    {
        if (proxied.Ports.Count > 0 && proxied.Own.Count > 0)
        {
            batch.Set(OwnSet, NftKeyType.Ipv4Address, 4, [.. proxied.Own.SelectMany(address => address.GetAddressBytes())]);
        }
    }

    /// <summary>A unit that is not primary does not answer for others.</summary>
    internal static void Mute(ref NftBatchWriter batch, string chain, string port, ProxiedAnswers proxied)
    {
        if (proxied.Of(port) is not { } answers)
        {
            return;
        }

        if (answers.Ipv4)
        {
            batch.BeginRule(chain);
            MatchReplyForOthers(ref batch, proxied);
            batch.Drop();
            batch.EndRule();
        }

        foreach (var address in answers.Ipv6)
        {
            batch.BeginRule(chain);
            MatchAdvertisement(ref batch, address);
            batch.Drop();
            batch.EndRule();
        }
    }

    /// <summary>The primary answers for others with the virtual MAC.</summary>
    internal static void Speak(ref NftBatchWriter batch, string chain, string port, byte[] mac, ProxiedAnswers proxied)
    {
        if (proxied.Of(port) is not { } answers)
        {
            return;
        }

        if (answers.Ipv4)
        {
            batch.BeginRule(chain);
            MatchReplyForOthers(ref batch, proxied);
            WriteArpSender(ref batch, mac);
            batch.EndRule();
        }

        foreach (var address in answers.Ipv6)
        {
            foreach (var withOption in (ReadOnlySpan<bool>)[false, true])
            {
                batch.BeginRule(chain);
                MatchAdvertisement(ref batch, address);
                WriteMac(ref batch, OptionTargetMac, withOption, mac);
                batch.EndRule();
            }
        }
    }

    private static void MatchReplyForOthers(ref NftBatchWriter batch, ProxiedAnswers proxied)
    {
        MatchArp(ref batch);
        batch.Match(NftBase.Network, ArpOperation, Reply);
        if (proxied.Own.Count > 0)
        {
            batch.MatchSet(NftBase.Network, ArpSenderAddress, 4, OwnSet, inverted: true);
        }
    }
}
