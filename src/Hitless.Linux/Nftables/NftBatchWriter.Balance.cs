using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Nftables.NftConstants;

namespace Hitless.Linux.Nftables;

/// <content>What hands frames on to another unit: routes, hashes, maps, and sending out again.</content>
internal ref partial struct NftBatchWriter
{
    private const string AnonymousMap = "__map%d";

    /// <summary>
    /// Makes a map for the next rule alone, from <paramref name="keys"/> (32 bits each, in host byte order) to
    /// <paramref name="values"/> (<paramref name="valueBytes"/> each). Returns what <see cref="LookUp"/> needs. At least one element.
    /// </summary>
    public uint Map(NftKeyType valueType, int valueBytes, scoped ReadOnlySpan<uint> keys, scoped ReadOnlySpan<byte> values)
    {
        const uint Anonymous = 0x1; // NFT_SET_ANONYMOUS
        const uint Constant = 0x2; // NFT_SET_CONSTANT
        const uint IsMap = 0x8; // NFT_SET_MAP
        BeginMessage(NewSet, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, AnonymousMap);
        _writer.U32BigEndian(3, Anonymous | Constant | IsMap);
        _writer.U32BigEndian(4, (uint)NftKeyType.Integer);
        _writer.U32BigEndian(5, sizeof(uint));
        _writer.U32BigEndian(6, (uint)valueType); // NFTA_SET_DATA_TYPE
        _writer.U32BigEndian(7, (uint)valueBytes); // NFTA_SET_DATA_LEN
        var description = _writer.BeginNested(9);
        _writer.U32BigEndian(1, (uint)keys.Length);
        _writer.EndNested(description);
        _writer.U32BigEndian(10, ++_setId);

        // For who prints it: keys in host byte order, values in network byte order (libnftnl's KEYBYTEORDER and DATABYTEORDER).
        _writer.Attribute(13, [0, 4, 1, 0, 0, 0, 1, 4, 2, 0, 0, 0]); // NFTA_SET_USERDATA
        _writer.EndMessage();
        BeginMessage(NewSetElement, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, AnonymousMap);
        _writer.U32BigEndian(4, _setId);
        var list = _writer.BeginNested(3);
        for (var i = 0; i < keys.Length; i++)
        {
            var element = _writer.BeginNested(1);
            Value(1, MemoryMarshal.AsBytes(keys.Slice(i, 1)));
            Value(2, values.Slice(i * valueBytes, valueBytes));
            _writer.EndNested(element);
        }

        _writer.EndNested(list);
        _writer.EndMessage();
        return _setId;
    }

    /// <summary>
    /// Makes a set of ranges that never changes. <paramref name="ranges"/>: first address and last of each, in order, apart from each
    /// other, <paramref name="keyBytes"/> bytes of each number in network byte order.
    /// </summary>
    public void Ranges(string name, NftKeyType keyType, int keyBytes, IReadOnlyList<(UInt128 First, UInt128 Last)> ranges)
    {
        const uint Constant = 0x2; // NFT_SET_CONSTANT
        const uint Interval = 0x4; // NFT_SET_INTERVAL
        BeginMessage(NewSet, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, name);
        _writer.U32BigEndian(3, Constant | Interval);
        _writer.U32BigEndian(4, (uint)keyType);
        _writer.U32BigEndian(5, (uint)keyBytes);
        _writer.U32BigEndian(10, ++_setId);
        _writer.EndMessage();
        BeginMessage(NewSetElement, NetlinkFlags.Create);
        _writer.String(1, table);
        _writer.String(2, name);
        _writer.U32BigEndian(4, _setId);
        var list = _writer.BeginNested(3);
        foreach (var (first, last) in ranges)
        {
            Bound(first, keyBytes, ends: false);
            var behind = last + 1;
            if (keyBytes == 16 ? behind != 0 : behind >> (8 * keyBytes) == 0)
            {
                Bound(behind, keyBytes, ends: true);
            }
        }

        _writer.EndNested(list);
        _writer.EndMessage();
    }

    private void Bound(UInt128 key, int keyBytes, bool ends)
    {
        const uint IntervalEnd = 0x1; // NFT_SET_ELEM_INTERVAL_END
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
        var element = _writer.BeginNested(1);
        Value(1, bytes[(16 - keyBytes)..]);
        if (ends)
        {
            _writer.U32BigEndian(3, IntervalEnd); // NFTA_SET_ELEM_FLAGS
        }

        _writer.EndNested(element);
    }

    /// <summary>The packet goes on, past the rest of the chain.</summary>
    public void Accept() => Verdict(1, null); // NF_ACCEPT

    /// <summary>
    /// Matches if the packet's destination is routed out of an interface that is in the set (of <see cref="NftKeyType.InterfaceIndex"/>).
    /// An address of this unit, of a group or of everybody is not.
    /// </summary>
    public void MatchRoute(string interfaces)
    {
        const uint OutputInterface = 1; // NFT_FIB_RESULT_OIF
        const uint Destination = 2; // NFTA_FIB_F_DADDR
        var data = BeginExpression("fib", out var expression);
        _writer.U32BigEndian(3, Destination); // NFTA_FIB_FLAGS
        _writer.U32BigEndian(2, OutputInterface); // NFTA_FIB_RESULT
        _writer.U32BigEndian(1, Register); // NFTA_FIB_DREG
        EndExpression(data, expression);
        data = BeginExpression("lookup", out expression);
        _writer.String(1, interfaces);
        _writer.U32BigEndian(2, Register);
        EndExpression(data, expression);
    }

    /// <summary>Loads a number below <paramref name="modulus"/> that is the same for the same bytes of the packet.</summary>
    public void LoadHash(NftBase from, int offset, int bytes, uint modulus, uint seed)
    {
        const uint Source = 2;
        var data = BeginExpression("payload", out var expression);
        _writer.U32BigEndian(1, Source);
        _writer.U32BigEndian(2, (uint)from);
        _writer.U32BigEndian(3, (uint)offset);
        _writer.U32BigEndian(4, (uint)bytes);
        EndExpression(data, expression);
        data = BeginExpression("hash", out expression);
        _writer.U32BigEndian(1, Source); // NFTA_HASH_SREG
        _writer.U32BigEndian(2, Register); // NFTA_HASH_DREG
        _writer.U32BigEndian(3, (uint)bytes); // NFTA_HASH_LEN
        _writer.U32BigEndian(4, modulus); // NFTA_HASH_MODULUS
        _writer.U32BigEndian(5, seed); // NFTA_HASH_SEED
        _writer.U32BigEndian(6, 0); // NFTA_HASH_OFFSET
        _writer.U32BigEndian(7, 0); // NFTA_HASH_TYPE: NFT_HASH_JENKINS
        EndExpression(data, expression);
    }

    /// <summary>Looks up what was loaded last; the rule ends where the map has nothing for it.</summary>
    public void LookUp(uint map)
    {
        var data = BeginExpression("lookup", out var expression);
        _writer.String(1, AnonymousMap);
        _writer.U32BigEndian(2, Register);
        _writer.U32BigEndian(3, Register); // NFTA_LOOKUP_DREG
        _writer.U32BigEndian(4, map); // NFTA_LOOKUP_SET_ID
        EndExpression(data, expression);
    }

    /// <summary>Overwrites bytes of the packet with what was looked up last.</summary>
    public void WriteFound(NftBase to, int offset, int bytes)
    {
        var data = BeginExpression("payload", out var expression);
        _writer.U32BigEndian(5, Register);
        _writer.U32BigEndian(2, (uint)to);
        _writer.U32BigEndian(3, (uint)offset);
        _writer.U32BigEndian(4, (uint)bytes);
        EndExpression(data, expression);
    }

    /// <summary>Sends the frame out of an interface as it is now; it goes no further here.</summary>
    public void Forward(int interfaceIndex)
    {
        Span<byte> index = stackalloc byte[4];
        MemoryMarshal.Write(index, interfaceIndex);
        Immediate(index);
        var data = BeginExpression("fwd", out var expression);
        _writer.U32BigEndian(1, Register); // NFTA_FWD_SREG_DEV
        EndExpression(data, expression);
    }
}
