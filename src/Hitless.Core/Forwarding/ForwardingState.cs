using System.Text;
using Hitless.Core.Sessions;

namespace Hitless.Core.Forwarding;

/// <summary>What kind of thing a <see cref="ForwardingItem"/> is.</summary>
public enum ForwardingKind : byte
{
    /// <summary>A route that somebody configured, or that a router or DHCP server gave.</summary>
    Route,

    /// <summary>A network that an address on an interface opens.</summary>
    Network,

    /// <summary>A policy rule.</summary>
    Rule,

    /// <summary>A kernel setting.</summary>
    Sysctl,

    /// <summary>An interface: whether it is up, and its MTU.</summary>
    Interface,

    /// <summary>A virtual address in its place.</summary>
    Address,

    /// <summary>A table of nftables.</summary>
    Firewall,
}

/// <summary>
/// One thing that forwarding depends on. <c>Name</c> is the same on every unit and is what <c>forwarding.ignore</c> matches; <c>Value</c>
/// is how it is on this one.
/// </summary>
public sealed record ForwardingItem(ForwardingKind Kind, string Name, string Value);

/// <summary>
/// All that forwarding depends on, as one unit has it: what is its own by right (its own addresses as sources, say) is left out, so that
/// two units that forward alike have equal states, and equal
/// digests of 64 bits.
/// </summary>
public sealed record ForwardingState(IReadOnlyList<ForwardingItem> Items)
{
    private const ulong Start = 0x48_49_54_4c_45_53_53_01;

    /// <summary>A number that differs when the states do; never 0.</summary>
    public ulong Digest
    {
        get
        {
            // A sum, so that the order of the items says nothing.
            var sum = Start;
            foreach (var item in Items)
            {
                var hash = Start ^ (ulong)item.Kind;
                foreach (var part in Encoding.UTF8.GetBytes($"{item.Name}\n{item.Value}"))
                {
                    hash = SessionKey.Mix(hash ^ part);
                }

                sum += hash;
            }

            return sum == 0 ? 1 : sum;
        }
    }
}
