using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// One reading of the whole table in slices: the kernel goes on where it was, whenever it is asked. Belongs to the thread that reads; what
/// a slice found is valid until the next.
/// </summary>
internal sealed class TableSlices(SessionFilter filter) : IDisposable
{
    private const int AtOnce = 2048;

    // A datagram of the kernel's, 32 KB, holds less than what is left.
    private readonly SessionDigest[] found = new SessionDigest[2 * AtOnce];
    private ConntrackDump? dump;
    private int count;

    /// <summary>What the last slice found.</summary>
    public ReadOnlySpan<SessionDigest> Found => found.AsSpan(0, count);

    /// <summary>Nothing is left.</summary>
    public bool Done { get; private set; }

    /// <summary>The kernel broke off.</summary>
    public bool Failed { get; private set; }

    /// <summary>The processor time that the last slice took.</summary>
    public TimeSpan Cost { get; private set; }

    /// <summary>Reads a slice.</summary>
    public void Read()
    {
        var before = RealTime.ThreadTime;
        count = 0;
        try
        {
            dump ??= new ConntrackDump();
            while (count < AtOnce && !Done && !Failed)
                ReadDatagram(dump);
        }
        catch (NetlinkException)
        {
            Failed = true;
        }

        Cost = RealTime.ThreadTime - before;
    }

    public void Dispose() => dump?.Dispose();

    private void ReadDatagram(ConntrackDump from)
    {
        if (from.Receive(out var reader) != NetlinkReceive.Data)
        {
            Failed = true;
            return;
        }

        while (reader.TryNext(out _, out var record))
        {
            if (count == found.Length)
                continue;
            var verdict = filter.Classify(record);
            var timeout = verdict.IsReplicated && RefreshRule.IsRefreshed(record) ? Math.Max(record.TimeoutSeconds, 1) : 0;
            var hasWindow = verdict.IsReplicated && ConntrackTable.HasWindow(record);
            found[count++] = new SessionDigest(record.Key, record.Digest64(), timeout, hasWindow, verdict);
        }

        Done = reader.Done;
        Failed = !Done && reader.Error != 0;
    }
}
