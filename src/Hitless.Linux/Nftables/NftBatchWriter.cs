using System.Runtime.InteropServices;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Nftables.NftConstants;

namespace Hitless.Linux.Nftables;

/// <summary>
/// Writes one nf_tables transaction for the netdev family into a buffer: the kernel takes all of it or nothing, and packets see
/// either the old rules or the new ones. Only what Hitless uses; <c>nft --debug=netlink</c> shows the same expressions in words.
/// Sequence numbers start at 1 in each batch, so an encoded batch can be sent any number of times.
/// </summary>
internal ref partial struct NftBatchWriter(Span<byte> buffer, string firstTable)
{
    // NLA lengths are 16 bits: a message holds this many addresses at most.
    private const int ElementsPerMessage = 1000;
    private const uint Register = 1;
    private const uint VerdictDrop = 0;
    private const uint VerdictJump = unchecked((uint)-3);
    private const uint VerdictGoTo = unchecked((uint)-4);

    // A minute's worth of flags that are set anew thirty times a second; see Flag.
    private const uint DynamicElementsMax = 4096;

    private NetlinkMessageWriter _writer = new(buffer);
    private string table = firstTable;
    private uint _sequence;
    private uint _setId;
    private int _expressions;

    /// <summary>The one key of a <see cref="Flag"/>.</summary>
    internal static ReadOnlySpan<byte> FlagKey => [0, 0, 0, 0];

    public readonly ReadOnlySpan<byte> Written => _writer.Written;

    public void Begin() => Frame(BatchBegin);

    /// <summary>Rules of the present table so far.</summary>
    public int Rules { get; private set; }

    /// <summary>What follows is about another table.</summary>
    public void GoOnWith(string other) => (table, Rules) = (other, 0);

    /// <summary>Ends the transaction. The kernel's acknowledgement of its last message says that it was committed.</summary>
    public void Commit(bool tableStays)
    {
        // NEWTABLE of a table that stands changes nothing; it is here for its acknowledgement.
        if (tableStays)
        {
            BeginMessage(NewTable, NetlinkFlags.Acknowledge);
            _writer.String(TableName, table);
            _writer.EndMessage();
        }

        Frame(BatchEnd);
    }

    /// <summary>Deletes the table with all that is in it, also if it does not stand.</summary>
    public void DeleteTable(bool acknowledge)
    {
        BeginMessage(NewTable, NetlinkFlags.Create);
        _writer.String(TableName, table);
        _writer.EndMessage();
        BeginMessage(NftConstants.DeleteTable, acknowledge ? NetlinkFlags.Acknowledge : NetlinkFlags.None);
        _writer.String(TableName, table);
        _writer.EndMessage();
    }

    /// <summary>
    /// Makes the table. <paramref name="comment"/> is what <c>nft list table</c> shows; <paramref name="boot"/> says in which boot it was
    /// made.
    /// </summary>
    public void Table(NftTableFlags flags, scoped ReadOnlySpan<byte> comment, scoped ReadOnlySpan<byte> boot)
    {
        BeginMessage(NewTable, NetlinkFlags.Create);
        _writer.String(TableName, table);
        _writer.U32BigEndian(2, (uint)flags);
        var userData = _writer.Attribute(TableUserData, comment.Length + 3 + boot.Length + 2);
        userData[0] = UserDataComment;
        userData[1] = (byte)(comment.Length + 1);
        comment.CopyTo(userData[2..]);
        userData = userData[(comment.Length + 3)..];
        userData[0] = UserDataBoot;
        userData[1] = (byte)boot.Length;
        boot.CopyTo(userData[2..]);
        _writer.EndMessage();
    }

    /// <summary>Makes a set of keys that never changes; <paramref name="keys"/> holds them one after the other.</summary>
    public void Set(string name, NftKeyType keyType, int keyBytes, scoped ReadOnlySpan<byte> keys)
    {
        const uint Constant = 2;
        var count = keys.Length / keyBytes;
        BeginMessage(NewSet, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, name);
        _writer.U32BigEndian(3, Constant);
        _writer.U32BigEndian(4, (uint)keyType);
        _writer.U32BigEndian(5, (uint)keyBytes);
        var description = _writer.BeginNested(9);
        _writer.U32BigEndian(1, (uint)count);
        _writer.EndNested(description);
        _writer.U32BigEndian(10, ++_setId);
        _writer.EndMessage();
        for (var first = 0; first < count; first += ElementsPerMessage)
        {
            Elements(name, keyBytes, keys[(first * keyBytes)..(Math.Min(first + ElementsPerMessage, count) * keyBytes)]);
        }
    }

    /// <summary>
    /// Makes a set of one key, which rules set and refresh and which may run out of time; it stands in it for <paramref name="lasting"/>
    /// from the start (zero: not at all). Set anew by a rule when its time has run out, it counts once more towards the set's size, and
    /// again, until the kernel collects (each second, by a thread that waits its turn on a busy machine); a rule that finds no room ends
    /// there.
    /// </summary>
    public void Flag(string name, TimeSpan lasting)
    {
        DynamicSet(name);
        if (lasting == TimeSpan.Zero)
        {
            return;
        }

        BeginMessage(NewSetElement, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, name);
        _writer.U32BigEndian(4, _setId);
        var list = _writer.BeginNested(3);
        var element = _writer.BeginNested(1);
        Value(1, FlagKey);
        _writer.U64BigEndian(4, (ulong)lasting.TotalMilliseconds);
        _writer.EndNested(element);
        _writer.EndNested(list);
        _writer.EndMessage();
    }

    private void DynamicSet(string name)
    {
        const uint TimeoutAndEvaluated = 0x10 | 0x20;
        BeginMessage(NewSet, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, name);
        _writer.U32BigEndian(3, TimeoutAndEvaluated);
        _writer.U32BigEndian(4, (uint)NftKeyType.Mark);
        _writer.U32BigEndian(5, (uint)FlagKey.Length);
        var description = _writer.BeginNested(9);
        _writer.U32BigEndian(1, DynamicElementsMax);
        _writer.EndNested(description);
        _writer.U32BigEndian(10, ++_setId);
        _writer.EndMessage();
    }

    /// <summary>Makes a chain that other chains go to.</summary>
    public void Chain(string name)
    {
        BeginMessage(NewChain, NetlinkFlags.Create);
        _writer.String(ChainTable, table);
        _writer.String(ChainName, name);
        _writer.EndMessage();
    }

    /// <summary>Makes a chain of type filter, policy accept, on one device.</summary>
    public void Chain(string name, NftHook hook, int priority, string device)
    {
        BeginMessage(NewChain, NetlinkFlags.Create);
        _writer.String(ChainTable, table);
        _writer.String(ChainName, name);
        _writer.String(7, "filter");
        var nested = _writer.BeginNested(ChainHook);
        _writer.U32BigEndian(1, (uint)hook);
        _writer.U32BigEndian(2, unchecked((uint)priority));
        _writer.String(3, device);
        _writer.EndNested(nested);
        _writer.EndMessage();
    }

    /// <summary>Starts a rule at the end of a chain; expressions follow, then <see cref="EndRule"/>.</summary>
    public void BeginRule(string chain)
    {
        Rules++;
        BeginMessage(NewRule, NetlinkFlags.Create | NetlinkFlags.Append);
        _writer.String(1, table);
        _writer.String(2, chain);
        _expressions = _writer.BeginNested(4);
    }

    public void EndRule()
    {
        _writer.EndNested(_expressions);
        _writer.EndMessage();
    }

    /// <summary>Matches a meta value, for example the protocol (big-endian).</summary>
    public void Match(NftMeta key, scoped ReadOnlySpan<byte> value)
    {
        var data = BeginExpression("meta", out var expression);
        _writer.U32BigEndian(2, (uint)key);
        _writer.U32BigEndian(1, Register);
        EndExpression(data, expression);
        Compare(NftCompare.Equal, value);
    }

    /// <summary>Matches bytes of the packet.</summary>
    public void Match(NftBase from, int offset, scoped ReadOnlySpan<byte> value)
    {
        Load(from, offset, value.Length);
        Compare(NftCompare.Equal, value);
    }

    /// <summary>Matches one byte of the packet against a range.</summary>
    public void MatchRange(NftBase from, int offset, byte first, byte last)
    {
        Load(from, offset, 1);
        Compare(NftCompare.GreaterOrEqual, [first]);
        Compare(NftCompare.LessOrEqual, [last]);
    }

    /// <summary>Matches if the bytes of the packet are a key of the set (or, <paramref name="inverted"/>, are not).</summary>
    public void MatchSet(NftBase from, int offset, int keyBytes, string set, bool inverted = false)
    {
        Load(from, offset, keyBytes);
        LookUp(set, inverted);
    }

    /// <summary>Matches if a <see cref="Flag"/> stands (or, <paramref name="inverted"/>, does not), whatever the packet.</summary>
    public void MatchFlag(string set, bool inverted = false)
    {
        LoadFlagKey();
        LookUp(set, inverted);
    }

    /// <summary>Lets a <see cref="Flag"/> stand for <paramref name="lasting"/> from now (zero: as long as the set).</summary>
    public void Refresh(string set, TimeSpan lasting)
    {
        LoadFlagKey();
        Change(set, operation: 1, lasting);
    }

    /// <summary>Ends a <see cref="Flag"/> (NFT_DYNSET_OP_DELETE, kernel 5.4).</summary>
    public void Remove(string set)
    {
        LoadFlagKey();
        Change(set, operation: 2, TimeSpan.Zero);
    }

    private void Change(string set, uint operation, TimeSpan lasting)
    {
        var data = BeginExpression("dynset", out var expression);
        _writer.String(1, set);
        _writer.U32BigEndian(3, operation);
        _writer.U32BigEndian(4, Register);
        if (lasting > TimeSpan.Zero)
        {
            _writer.U64BigEndian(6, (ulong)lasting.TotalMilliseconds);
        }

        EndExpression(data, expression);
    }

    private void LookUp(string set, bool inverted)
    {
        const uint Inverted = 1;
        var data = BeginExpression("lookup", out var expression);
        _writer.String(1, set);
        _writer.U32BigEndian(2, Register);
        _writer.U32BigEndian(5, inverted ? Inverted : 0);
        EndExpression(data, expression);
    }

    /// <summary>
    /// Loads what is the same for every packet, in a way that <c>nft</c> can read back when it has printed it: a constant alone it cannot.
    /// </summary>
    private void LoadFlagKey()
    {
        var data = BeginExpression("meta", out var expression);
        _writer.U32BigEndian(2, (uint)NftMeta.Mark);
        _writer.U32BigEndian(1, Register);
        EndExpression(data, expression);
        data = BeginExpression("bitwise", out expression);
        _writer.U32BigEndian(1, Register);
        _writer.U32BigEndian(2, Register);
        _writer.U32BigEndian(3, (uint)FlagKey.Length);
        Value(4, FlagKey);
        Value(5, FlagKey);
        EndExpression(data, expression);
    }

    /// <summary>Overwrites bytes of the packet.</summary>
    /// <param name="from">Where the offset counts from.</param>
    /// <param name="offset">The first byte to write; even if there is a checksum to keep.</param>
    /// <param name="value">What is written.</param>
    /// <param name="checksumOffset">Where the Internet checksum to keep right stands, from the same base; null if there is none.</param>
    public void Write(NftBase from, int offset, scoped ReadOnlySpan<byte> value, int? checksumOffset = null)
    {
        const uint ChecksumInternet = 1;
        Immediate(value);
        var data = BeginExpression("payload", out var expression);
        _writer.U32BigEndian(5, Register);
        _writer.U32BigEndian(2, (uint)from);
        _writer.U32BigEndian(3, (uint)offset);
        _writer.U32BigEndian(4, (uint)value.Length);
        if (checksumOffset is { } at)
        {
            _writer.U32BigEndian(6, ChecksumInternet);
            _writer.U32BigEndian(7, (uint)at);
        }

        EndExpression(data, expression);
    }

    /// <summary>Sets a meta value: the packet type (one byte), the mark (four, in host byte order).</summary>
    public void SetMeta(NftMeta key, scoped ReadOnlySpan<byte> value)
    {
        Immediate(value);
        var data = BeginExpression("meta", out var expression);
        _writer.U32BigEndian(2, (uint)key);
        _writer.U32BigEndian(3, Register);
        EndExpression(data, expression);
    }

    public void Drop() => Verdict(VerdictDrop, null);

    /// <summary>Goes on in another chain and does not come back.</summary>
    public void GoTo(string chain) => Verdict(VerdictGoTo, chain);

    /// <summary>Goes through another chain, and comes back if that says nothing.</summary>
    public void Jump(string chain) => Verdict(VerdictJump, chain);

    private void Verdict(uint code, string? chain)
    {
        var data = BeginExpression("immediate", out var expression);
        _writer.U32BigEndian(1, 0);
        var value = _writer.BeginNested(2);
        var verdict = _writer.BeginNested(2);
        _writer.U32BigEndian(1, code);
        if (chain is not null)
        {
            _writer.String(2, chain);
        }

        _writer.EndNested(verdict);
        _writer.EndNested(value);
        EndExpression(data, expression);
    }

    private void Elements(string set, int keyBytes, scoped ReadOnlySpan<byte> keys)
    {
        BeginMessage(NewSetElement, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, set);
        _writer.U32BigEndian(4, _setId);
        var list = _writer.BeginNested(3);
        for (; !keys.IsEmpty; keys = keys[keyBytes..])
        {
            var element = _writer.BeginNested(1);
            var key = _writer.BeginNested(1);
            _writer.Attribute(1, keys[..keyBytes]);
            _writer.EndNested(key);
            _writer.EndNested(element);
        }

        _writer.EndNested(list);
        _writer.EndMessage();
    }

    private void Load(NftBase from, int offset, int bytes)
    {
        var data = BeginExpression("payload", out var expression);
        _writer.U32BigEndian(1, Register);
        _writer.U32BigEndian(2, (uint)from);
        _writer.U32BigEndian(3, (uint)offset);
        _writer.U32BigEndian(4, (uint)bytes);
        EndExpression(data, expression);
    }

    private void Compare(NftCompare operation, scoped ReadOnlySpan<byte> value)
    {
        var data = BeginExpression("cmp", out var expression);
        _writer.U32BigEndian(1, Register);
        _writer.U32BigEndian(2, (uint)operation);
        Value(3, value);
        EndExpression(data, expression);
    }

    private void Immediate(scoped ReadOnlySpan<byte> value)
    {
        var data = BeginExpression("immediate", out var expression);
        _writer.U32BigEndian(1, Register);
        Value(2, value);
        EndExpression(data, expression);
    }

    private void Value(ushort attribute, scoped ReadOnlySpan<byte> value)
    {
        var nested = _writer.BeginNested(attribute);
        _writer.Attribute(1, value);
        _writer.EndNested(nested);
    }

    private int BeginExpression(string name, out int expression)
    {
        expression = _writer.BeginNested(1);
        _writer.String(1, name);
        return _writer.BeginNested(2);
    }

    private readonly void EndExpression(int data, int expression)
    {
        _writer.EndNested(data);
        _writer.EndNested(expression);
    }

    private void BeginMessage(byte message, NetlinkFlags flags)
    {
        _writer.BeginMessage(NetlinkMessageType.Netfilter(Subsystem, message), NetlinkFlags.Request | flags, ++_sequence);
        _writer.NetfilterHeader(FamilyNetdev);
    }

    private void Frame(ushort type)
    {
        _writer.BeginMessage(type, NetlinkFlags.Request, ++_sequence);
        _writer.NetfilterHeader(0, Subsystem);
        _writer.EndMessage();
    }
}
