using System.Globalization;
using System.Text;

namespace Hitless.Core.Forwarding;

/// <summary>
/// One entry of <c>forwarding.rules</c>, for one address family: packets that match all that is given go by <c>Table</c>.
/// </summary>
public sealed record DeclaredRule(bool Ipv6, uint Priority, uint Table)
{
    /// <summary>Source of the packets; null: any.</summary>
    public AddressPrefix? From { get; init; }

    /// <summary>Destination of the packets; null: any.</summary>
    public AddressPrefix? To { get; init; }

    /// <summary>The interface that they come in by; null: any.</summary>
    public string? Incoming { get; init; }

    /// <summary>The interface that a socket of this unit is bound to; null: any.</summary>
    public string? Outgoing { get; init; }

    /// <summary>The mark that they carry; 0: any.</summary>
    public uint Mark { get; init; }

    /// <summary>As <c>ip rule</c> writes it, without the priority.</summary>
    public string Words
    {
        get
        {
            var text = new StringBuilder(From is { } from ? $"from {from}" : "from all");
            text.Append(To is { } to ? $" to {to}" : "");
            text.Append(Incoming is null ? "" : $" iif {Incoming}").Append(Outgoing is null ? "" : $" oif {Outgoing}");
            text.Append(Mark == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" fwmark 0x{Mark:x}"));
            return text.Append(CultureInfo.InvariantCulture, $" lookup {TableName(Table)}").ToString();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Priority}: {Words}{(Ipv6 ? " (IPv6)" : "")}");

    // RT_TABLE_LOCAL: the kernel keeps the unit's own addresses there.
    private const string OwnAddresses = "local";

    /// <summary>A table as <c>ip</c> names it.</summary>
    public static string TableName(uint table) =>
        table switch
        {
            253 => "default",
            254 => "main",
            255 => OwnAddresses,
            _ => table.ToString(CultureInfo.InvariantCulture),
        };
}
