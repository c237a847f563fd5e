using Hitless.Core.Sessions;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// Writes into the kernel's table, many requests to a send, without acknowledgements: only what failed is answered, and put
/// right where that can be done. A translated session is first tried as a change and made if there is none, because the kernel refuses
/// translation in a change. Not thread-safe; allocates nothing in steady state.
/// </summary>
public sealed class ConntrackTable : IDisposable
{
    private const int BatchMax = 64;
    private const int NoEntry = 2;
    private const int Busy = 16;
    private readonly NetlinkSocket socket = new(NetlinkProtocol.Netfilter, default, 4 * 1024 * 1024);
    private readonly byte[] requests = new byte[BatchMax * ConntrackWriter.RequestSizeMax];
    private readonly byte[] answers = new byte[32 * 1024];
    private readonly Request[] batch = new Request[BatchMax];
    private readonly Request[] again = new Request[BatchMax * 2];
    private int batchCount;
    private int againCount;
    private uint firstSequence = 1;

    private enum Verb : byte
    {
        /// <summary>Make or change; for translated sessions: change.</summary>
        Put,

        /// <summary>Make it; it may not stand.</summary>
        Create,

        /// <summary>Make it unless it stands.</summary>
        CreateIfMissing,

        Delete,
    }

    /// <summary>The netlink port of the requests: events that they cause carry it.</summary>
    public uint PortId => socket.PortId;

    /// <summary>Requests that the kernel refused for good.</summary>
    public long Errors { get; private set; }

    /// <summary>Sessions put and deletes done so far.</summary>
    public long Requests { get; private set; }

    /// <summary>The last refusal's error number.</summary>
    public int LastError { get; private set; }

    /// <summary>The table shall hold this session. Takes effect at <see cref="Flush"/> at the latest.</summary>
    public void Put(in SessionRecord record, bool onlyIfMissing = false)
    {
        if (!onlyIfMissing)
            Enqueue(Verb.Put, record);
        else if (record.IsComplete)
            Enqueue(Verb.CreateIfMissing, record);
    }

    /// <summary>The table shall not hold this session.</summary>
    public void Delete(in SessionKey key) => Enqueue(Verb.Delete, new SessionRecord(key, default, default, 0, 0, default));

    /// <summary>Everything put so far is in the kernel when this returns.</summary>
    public void Flush()
    {
        for (var round = 0; batchCount > 0; round++)
        {
            Send(mayRepair: round < 3);
            batchCount = 0;
            for (var i = 0; i < againCount; i++)
            {
                if (batchCount == BatchMax)
                {
                    Send(mayRepair: false);
                    batchCount = 0;
                }

                batch[batchCount++] = again[i];
            }

            againCount = 0;
        }
    }

    /// <summary>Entries in this namespace's table.</summary>
    public long Count()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[32]);
        request.BeginMessage(ConntrackProtocol.GetStatistics, NetlinkFlags.Request, 0);
        request.NetfilterHeader(ConntrackProtocol.FamilyUnspecified);
        request.EndMessage();
        socket.Send(request.Written);
        while (socket.Receive(answers, out var length) == NetlinkReceive.Data)
        {
            var messages = new NetlinkMessageReader(answers.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                var attributes = message.Attributes(ConntrackProtocol.FixedHeaderBytes);
                while (message.Type == ConntrackProtocol.GetStatistics && attributes.TryRead(out var attribute))
                {
                    if (attribute.Type == ConntrackProtocol.StatisticsEntries && attribute.TryReadU32BigEndian(out var entries))
                        return entries;
                }
            }
        }

        return 0;
    }

    /// <summary>Empties the table (for tests and the lab's power-off).</summary>
    public void Clear()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[64]);
        foreach (var family in (ReadOnlySpan<byte>)[ConntrackProtocol.FamilyV4, ConntrackProtocol.FamilyV6])
        {
            request.BeginMessage(ConntrackProtocol.Delete, NetlinkFlags.Request, 0);
            request.NetfilterHeader(family);
            request.EndMessage();
        }

        socket.Send(request.Written);
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private void Enqueue(Verb verb, in SessionRecord record)
    {
        if (batchCount == BatchMax)
            Flush();
        batch[batchCount++] = new Request(verb, record);
        Requests++;
    }

    private void Send(bool mayRepair)
    {
        var writer = new NetlinkMessageWriter(requests);
        for (var i = 0; i < batchCount; i++)
        {
            var record = batch[i].Record;
            var sequence = firstSequence + (uint)i;
            switch (batch[i].Verb)
            {
                case Verb.Delete:
                    ConntrackWriter.Delete(ref writer, record.Key, sequence);
                    break;
                case Verb.Put when record.HasNat || !record.IsComplete:
                    ConntrackWriter.Update(ref writer, record, sequence);
                    break;
                case Verb.Put:
                    ConntrackWriter.Create(ref writer, record, exclusive: false, sequence);
                    break;
                default:
                    ConntrackWriter.Create(ref writer, record, exclusive: true, sequence);
                    break;
            }
        }

        var error = socket.TrySend(writer.Written);
        if (error != 0)
            Fail(error);
        ReadAnswers(mayRepair);
        firstSequence += BatchMax;
    }

    private void ReadAnswers(bool mayRepair)
    {
        NetlinkReceive received;
        while ((received = socket.Receive(answers, out var length)) != NetlinkReceive.Empty)
        {
            if (received != NetlinkReceive.Data)
            {
                Fail(Errno.NoBuffers);
                continue;
            }

            var messages = new NetlinkMessageReader(answers.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                if (message.Type != NetlinkMessageType.Error || !message.TryReadHeader(out int error) || error == 0)
                    continue;
                var index = message.Sequence - firstSequence;
                if (index < batchCount)
                    OnRefused((int)index, -error, mayRepair);
            }
        }
    }

    private void OnRefused(int index, int error, bool mayRepair)
    {
        var request = batch[index];
        switch (request.Verb, error)
        {
            case (Verb.Delete, NoEntry) or (Verb.CreateIfMissing, Errno.Exists):
                break;
            case (Verb.Put or Verb.Create, _) when !IsLastWordOn(index):
                break;
            case (Verb.Put, NoEntry) when mayRepair && request.Record.IsComplete:
                again[againCount++] = request with { Verb = Verb.Create };
                break;
            // The entry that stands has seen more than this one: another session of the same addresses and ports. Or one in between made it.
            case (Verb.Put, Busy) or (Verb.Create, Errno.Exists) when mayRepair:
                again[againCount++] = request with { Verb = Verb.Delete };
                again[againCount++] = request with { Verb = Verb.Create };
                break;
            default:
                Fail(error);
                break;
        }
    }

    // What comes later in the same batch about the same session has the say: a delete above all.
    private bool IsLastWordOn(int index)
    {
        for (var later = index + 1; later < batchCount; later++)
        {
            if (batch[later].Record.Key == batch[index].Record.Key && (batch[later].Verb == Verb.Delete || batch[later].Record.IsComplete))
                return false;
        }

        return true;
    }

    private void Fail(int error)
    {
        Errors++;
        LastError = error;
    }

    private readonly record struct Request(Verb Verb, SessionRecord Record);
}
