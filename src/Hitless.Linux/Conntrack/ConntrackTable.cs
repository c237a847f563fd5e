using Hitless.Core.Sessions;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// Writes into the kernel's table, many requests to a send, without acknowledgements: only what failed is answered, and put
/// right where that can be done. A session that is not known to be new and has a translation, helper or parent is first tried as a change
/// and made if there is none, because the kernel refuses those in a change; or the other way round, whichever was right the last time (a
/// unit that joins has none). Not thread-safe; allocates nothing in steady state.
/// </summary>
public sealed class ConntrackTable : IDisposable
{
    /// <summary>Entries that are looked up with one request.</summary>
    public const int LookedUpMax = 64;

    private const int BatchMax = 64;

    // Rounds of repair: each request may become two, so what is sent at once is bounded by this.
    private const int RepairRounds = 3;
    private const int RequestsMax = BatchMax << RepairRounds;
    private const int NoEntry = 2;
    private const int Busy = 16;
    private readonly NetlinkSocket socket = new(NetlinkProtocol.Netfilter, default, 4 * 1024 * 1024);
    private readonly byte[] requests = new byte[RequestsMax * ConntrackWriter.RequestSizeMax];
    private readonly byte[] answers = new byte[32 * 1024];
    private readonly bool[] isReplayed = new bool[RequestsMax];
    private Request[] batch = new Request[RequestsMax];
    private Request[] again = new Request[RequestsMax];
    private bool createsFirst;
    private int batchCount;
    private int againCount;
    private uint firstSequence = 1;

    private enum Verb : byte
    {
        /// <summary>Make or change; for translated sessions: change.</summary>
        Put,

        /// <summary>Make it; if it stands, change it.</summary>
        CreateOrPut,

        /// <summary>Make it; it may not stand.</summary>
        Create,

        /// <summary>Make it unless it stands.</summary>
        CreateIfMissing,

        /// <summary>Make it without its parent, who is gone.</summary>
        CreateAlone,

        Delete,

        /// <summary>Let it take packets whatever their windows.</summary>
        MakeLiberal,
    }

    /// <summary>
    /// The netlink port of the requests: events that they cause carry it (<see cref="ConntrackEvents"/> can leave them out).
    /// </summary>
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
            Enqueue(createsFirst && !record.IsNew && record.IsBoundAtCreation && record.IsComplete ? Verb.CreateOrPut : Verb.Put, record);
        else if (record.IsComplete)
            Enqueue(Verb.CreateIfMissing, record);
    }

    /// <summary>The table shall not hold this session.</summary>
    public void Delete(in SessionKey key) => Enqueue(Verb.Delete, new SessionRecord(key, default, default, 0, 0, default));

    /// <summary>
    /// An entry that this kernel has tracked itself knows the windows of TCP as they were then. The session goes on elsewhere now, so that
    /// what comes after its return would be invalid: from now on it is not. What is that already is left alone.
    /// </summary>
    public void MakeLiberal(in SessionKey key) => Enqueue(Verb.MakeLiberal, new SessionRecord(key, default, default, 0, 0, default));

    /// <summary>Whether <see cref="MakeLiberal"/> would change anything.</summary>
    public static bool HasWindow(in SessionRecord record) =>
        record.Tcp.State != TcpState.None && (record.Tcp.FlagsOriginal & record.Tcp.FlagsReply & ConntrackProtocol.FlagBeLiberal) == 0;

    /// <summary>
    /// A session is to be expected, or no longer. Takes effect at once, after what was put before. False when the kernel refuses: the
    /// parent has no helper here, or its class is full; what is not there need not be removed.
    /// </summary>
    public bool Expect(in SessionExpectation expectation, bool ended)
    {
        Flush();
        var writer = new NetlinkMessageWriter(requests);
        if (ended)
            ExpectationWriter.Delete(ref writer, expectation, firstSequence);
        // A new one has its helper's timeout, whatever is asked for (nf_ct_expect_insert); one that stands takes ours.
        for (var times = 0; !ended && times < 2; times++)
            ExpectationWriter.Create(ref writer, expectation, firstSequence);
        Requests++;
        var error = socket.TrySend(writer.Written);
        while (error == 0 && socket.Receive(answers, out var length) == NetlinkReceive.Data)
        {
            var messages = new NetlinkMessageReader(answers.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                if (message.Type == NetlinkMessageType.Error && message.TryReadHeader(out int code) && message.Sequence == firstSequence)
                    error = -code;
            }
        }

        firstSequence += RequestsMax;
        if (error == 0 || (ended && error == NoEntry))
            return true;
        Fail(error);
        return false;
    }

    /// <summary>Looks an entry up, after what was put before; false when there is none.</summary>
    public bool TryGet(in SessionKey key, out SessionRecord record)
    {
        Flush();
        var request = new NetlinkMessageWriter(requests);
        ConntrackWriter.Get(ref request, key, firstSequence);
        firstSequence += RequestsMax;
        record = default;
        var found = false;
        if (socket.TrySend(request.Written) != 0)
            return false;
        while (socket.Receive(answers, out var length) == NetlinkReceive.Data)
        {
            var reader = new ConntrackReader(answers.AsSpan(0, length));
            while (reader.TryNext(out _, out var each))
                (record, found) = (each, true);
        }

        return found;
    }

    /// <summary>Looks many entries up with one request, after what was put before.</summary>
    /// <param name="keys">At most <see cref="LookedUpMax"/>.</param>
    /// <param name="found">Receives those that stand, in the order of the keys; as long as <paramref name="keys"/>.</param>
    /// <returns>How many stand.</returns>
    public int TryGet(ReadOnlySpan<SessionKey> keys, Span<SessionRecord> found)
    {
        Flush();
        var request = new NetlinkMessageWriter(requests);
        for (var i = 0; i < keys.Length; i++)
            ConntrackWriter.Get(ref request, keys[i], firstSequence + (uint)i);
        firstSequence += RequestsMax;
        var count = 0;
        if (keys.IsEmpty || socket.TrySend(request.Written) != 0)
            return 0;
        while (socket.Receive(answers, out var length) == NetlinkReceive.Data)
        {
            var reader = new ConntrackReader(answers.AsSpan(0, length));
            while (reader.TryNext(out _, out var record))
            {
                if (count < found.Length)
                    found[count++] = record;
            }
        }

        return count;
    }

    /// <summary>Everything put so far is in the kernel when this returns.</summary>
    public void Flush()
    {
        for (var round = 0; batchCount > 0; round++)
        {
            Send(mayRepair: round < RepairRounds);
            (batch, again) = (again, batch);
            (batchCount, againCount) = (againCount, 0);
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
                case Verb.MakeLiberal:
                    ConntrackWriter.MakeLiberal(ref writer, record.Key, sequence);
                    break;
                case Verb.Put when record.IsNew:
                    ConntrackWriter.Create(ref writer, record, exclusive: true, withParent: true, sequence);
                    break;
                case Verb.Put when record.IsBoundAtCreation || !record.IsComplete:
                    ConntrackWriter.Update(ref writer, record, sequence);
                    break;
                case Verb.Put:
                    ConntrackWriter.Create(ref writer, record, exclusive: false, withParent: true, sequence);
                    break;
                default:
                    ConntrackWriter.Create(ref writer, record, exclusive: true, withParent: batch[i].Verb != Verb.CreateAlone, sequence);
                    break;
            }
        }

        var error = socket.TrySend(writer.Written);
        if (error != 0)
            Fail(error);
        Array.Clear(isReplayed, 0, batchCount);
        ReadAnswers(mayRepair);
        firstSequence += RequestsMax;
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
        if (isReplayed[index])
            return;
        switch (request.Verb, error)
        {
            case (Verb.Delete or Verb.MakeLiberal, NoEntry) or (Verb.CreateIfMissing, Errno.Exists):
                break;
            case (Verb.Put, NoEntry) when mayRepair && request.Record.IsNew && request.Record.Parent.Protocol != 0:
                Repair(index, Verb.CreateAlone);
                break;
            case (Verb.CreateOrPut, Errno.Exists) when mayRepair:
                createsFirst = false;
                Repair(index, Verb.Put);
                break;
            case (Verb.Put, NoEntry) when mayRepair && request.Record.IsComplete:
                createsFirst = true;
                Repair(index, Verb.Create);
                break;
            case (Verb.Put, NoEntry) when !request.Record.IsComplete:
                break;
            case (Verb.Create or Verb.CreateIfMissing or Verb.CreateOrPut, NoEntry) when mayRepair && request.Record.Parent.Protocol != 0:
                Repair(index, Verb.CreateAlone);
                break;
            // The entry that stands is an older session of the same addresses and ports, or has seen more than this one. Or one in between
            // made it. Nor can one be changed whose end is fixed.
            case (Verb.Put, Busy or Errno.Exists or Errno.Permission) or (Verb.Create or Verb.CreateAlone, Errno.Exists) when mayRepair:
                Repair(index, Verb.Delete, Verb.Create);
                break;
            default:
                Fail(error);
                break;
        }
    }

    // What comes later in the same batch about the same session is done again after the repair; a delete needs no repair before it.
    private void Repair(int index, Verb first, Verb? second = null)
    {
        var request = batch[index];
        for (var later = index + 1; later < batchCount; later++)
        {
            if (batch[later].Verb == Verb.Delete && batch[later].Record.Key == request.Record.Key)
                return;
        }

        again[againCount++] = request with { Verb = first };
        if (second is { } then)
            again[againCount++] = request with { Verb = then };
        for (var later = index + 1; later < batchCount; later++)
        {
            if (batch[later].Record.Key != request.Record.Key)
                continue;
            // The session stands by then, so these are changes, and need no repair themselves.
            isReplayed[later] = true;
            again[againCount++] = batch[later] with { Verb = batch[later].Verb == Verb.CreateOrPut ? Verb.Put : batch[later].Verb };
        }
    }

    private void Fail(int error)
    {
        Errors++;
        LastError = error;
    }

    private readonly record struct Request(Verb Verb, SessionRecord Record);
}
