namespace Hitless.Core.Sessions;

/// <summary>
/// When entries are looked at again although no event came: traffic refreshes an entry's timeout without one, and the copies would end too
/// early. Those that end soon at each interval, of which three fit into the kernel's shortest timeout; those with longer timeouts after an
/// eighth of the time that is left.
/// </summary>
public static class RefreshRule
{
    private const int Part = 8;

    /// <summary>The second at which the session ends without traffic.</summary>
    public static int Expiry(in SessionRecord record, int now) => (int)Math.Min(now + (long)record.TimeoutSeconds, int.MaxValue);

    /// <summary>The second at which to look at it again; never where traffic refreshes nothing without an event.</summary>
    public static int Due(in SessionRecord record, int now, int interval) =>
        IsRefreshed(record) ? Due(record.Key.Hash64(), record.TimeoutSeconds, now, interval) : int.MaxValue;

    /// <summary>False for TCP that is not open: it tells each change by itself, and ends soon.</summary>
    public static bool IsRefreshed(in SessionRecord record) =>
        record.Key.Protocol != Protocols.Tcp || record.Tcp.State == TcpState.Established;

    /// <summary>The second at which to look at a session again; those of one age do not all come at once.</summary>
    /// <param name="hash">Of its key.</param>
    /// <param name="timeout">Seconds that are left of it.</param>
    /// <param name="now">Seconds.</param>
    /// <param name="interval">The shortest pause, seconds.</param>
    public static int Due(ulong hash, uint timeout, int now, int interval)
    {
        var longest = (int)Math.Min(timeout / Part, int.MaxValue / 2);
        return longest <= interval ? now + interval : now + longest - (int)((ulong)(longest - interval) / 2 * (hash >> 56) / 256);
    }
}
