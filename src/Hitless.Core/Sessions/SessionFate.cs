namespace Hitless.Core.Sessions;

/// <summary>What a session has to lose at a switch.</summary>
public static class SessionFate
{
    /// <summary>
    /// Whether it breaks where the new primary has no entry of it: TCP is dropped as invalid, translation is lost; an untranslated datagram
    /// just makes a new entry, unless only a helper let it in.
    /// </summary>
    public static bool BreaksWithoutEntry(in SessionRecord record) =>
        record.Key.Protocol switch
        {
            Protocols.Tcp or Protocols.Sctp => record.Class != TcpStateClass.Closing,
            Protocols.Icmp or Protocols.IcmpV6 => false,
            _ => record.HasNat || record.Parent.Protocol != 0,
        };

    /// <summary>
    /// Whether it has something to lose where no other unit can have its address: everything but what is closing already and single
    /// questions (ICMP).
    /// </summary>
    public static bool BreaksElsewhere(in SessionRecord record) =>
        record.Key.Protocol switch
        {
            Protocols.Tcp or Protocols.Sctp => record.Class != TcpStateClass.Closing,
            Protocols.Icmp or Protocols.IcmpV6 => false,
            _ => true,
        };
}
