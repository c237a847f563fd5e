namespace Hitless.Linux.Netlink;

/// <summary>
/// Flags of a message's header (<c>linux/netlink.h</c>, NLM_F_*). The bits above 0x80 mean other things for get, new and delete requests.
/// </summary>
[Flags]
public enum NetlinkFlags : ushort
{
    None = 0,
    Request = 0x01,

    /// <summary>One message of several; the last one is of type "done".</summary>
    Multi = 0x02,

    /// <summary>Answer with an acknowledgement also when nothing went wrong. (Errors are always answered.)</summary>
    Acknowledge = 0x04,
    Echo = 0x08,

    /// <summary>The dump was interrupted by a change: what it told may be inconsistent.</summary>
    DumpInterrupted = 0x10,

    /// <summary>Get: the whole table.</summary>
    Dump = 0x300,

    /// <summary>New: replace what is there.</summary>
    Replace = 0x100,

    /// <summary>New: fail if it is there.</summary>
    Exclusive = 0x200,

    /// <summary>New: make it if it is not there.</summary>
    Create = 0x400,

    /// <summary>New: add at the end of a list.</summary>
    Append = 0x800,

    /// <summary>In an acknowledgement: the failed request's payload is left out.</summary>
    Capped = 0x100,

    /// <summary>In an acknowledgement: extended-ack attributes follow.</summary>
    ExtendedAck = 0x200,
}
