namespace Hitless.Core.Sessions;

/// <summary>
/// SCTP's part of an entry: its state (<c>enum sctp_conntrack</c>, nf_conntrack_sctp.h) and each direction's verification tag. State 0 is
/// "not told".
/// </summary>
public readonly record struct SctpProgress(byte State, uint TagOriginal, uint TagReply)
{
    /// <summary>The class, as for TCP: 1 to 3 open, 4 established, 5 to 7 close; heartbeat states open.</summary>
    public TcpStateClass Class =>
        State switch
        {
            0 => TcpStateClass.None,
            4 => TcpStateClass.Open,
            5 or 6 or 7 => TcpStateClass.Closing,
            _ => TcpStateClass.Opening,
        };
}
