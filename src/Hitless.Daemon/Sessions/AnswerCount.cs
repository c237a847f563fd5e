using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Counts, from the kernel's events, the sessions that begin and those that get their first answer. Written by the session thread, read by
/// any: two numbers that grow. An answer is counted at the update that comes
/// with it (seen in both directions, not yet assured; of TCP the answer to the SYN), so a session may be counted twice where a kernel tells
/// more of them: only a share near to none is a sign.
/// </summary>
public sealed class AnswerCount
{
    private long made;
    private long answered;

    /// <summary>Sessions that began.</summary>
    public long Made => Volatile.Read(ref made);

    /// <summary>Sessions that got an answer.</summary>
    public long Answered => Volatile.Read(ref answered);

    /// <summary>The kernel tells of a session; <paramref name="counts"/>: it goes through this unit.</summary>
    internal void OnTold(ConntrackChange change, in SessionRecord record, bool counts)
    {
        if (!counts || change != ConntrackChange.Updated)
        {
            return;
        }

        if (record.IsNew)
        {
            Volatile.Write(ref made, made + 1);
        }
        else if (IsFirstAnswer(record))
        {
            Volatile.Write(ref answered, answered + 1);
        }
    }

    private static bool IsFirstAnswer(in SessionRecord record) =>
        (record.Status & (SessionStatus.SeenReply | SessionStatus.Assured)) == SessionStatus.SeenReply
        && (record.Key.Protocol != Protocols.Tcp || record.Tcp.State is TcpState.SynReceived or TcpState.Close);
}
