namespace Hitless.Core.Sessions;

/// <summary>
/// TCP's part of an entry. Flags are the kernel's <c>IP_CT_TCP_FLAG_…</c> per direction, scales the window scales (0-14).
/// </summary>
public readonly record struct TcpProgress(TcpState State, byte FlagsOriginal, byte FlagsReply, byte ScaleOriginal, byte ScaleReply)
{
    /// <summary>What the digests compare: states that a switch treats alike are one class.</summary>
    public TcpStateClass Class =>
        State switch
        {
            TcpState.None => TcpStateClass.None,
            TcpState.SynSent or TcpState.SynReceived or TcpState.SynSent2 => TcpStateClass.Opening,
            TcpState.Established => TcpStateClass.Open,
            _ => TcpStateClass.Closing,
        };
}

/// <summary>States of TCP in conntrack (<c>enum tcp_conntrack</c>, nf_conntrack_tcp.h).</summary>
public enum TcpState : byte
{
    /// <summary>Not TCP, or not known.</summary>
    None,

    /// <summary>SYN seen.</summary>
    SynSent,

    /// <summary>SYN and ACK seen.</summary>
    SynReceived,

    /// <summary>Open.</summary>
    Established,

    /// <summary>FIN seen.</summary>
    FinWait,

    /// <summary>FIN acknowledged.</summary>
    CloseWait,

    /// <summary>The last ACK is awaited.</summary>
    LastAck,

    /// <summary>Both FINs acknowledged.</summary>
    TimeWait,

    /// <summary>Closed by RST.</summary>
    Close,

    /// <summary>SYN in both directions.</summary>
    SynSent2,
}

/// <summary>Classes of TCP states, see <see cref="TcpProgress.Class"/>.</summary>
public enum TcpStateClass : byte
{
    /// <summary>Not TCP.</summary>
    None,

    /// <summary>Handshake.</summary>
    Opening,

    /// <summary>Established.</summary>
    Open,

    /// <summary>On its way out.</summary>
    Closing,
}
