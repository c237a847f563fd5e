using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Traffic.TrafficControl;

namespace Hitless.Linux.Traffic;

/// <summary>
/// The second wall of a mute unit, out of nftables' reach: filters of <c>tc</c> (qdisc clsact, classifier bpf) behind the egress chains of
/// the <see cref="TrafficTable"/>, which stand as long as the unit is in the cluster, with or without a process, and drop what speaks for
/// virtual addresses and was not let speak there (docs/decisions/0045). Other people's disciplines and filters stay as they are. Lives in
/// the namespace of the thread that made it. Not for several threads at once.
/// </summary>
public sealed class SilenceFilters(IReadOnlyList<TrafficPort> ports) : IDisposable
{
    // Before what others have, as far as they do not say 1; each protocol needs its own.
    private const uint ArpPriority = 2;
    private const uint DiscoveryPriority = 3;

    // Ours: HL in the upper half, the program's number in the lower one.
    private const uint OurHandles = 0x484c_0000;
    private const uint HandleMask = 0xffff_0000;

    // The discipline was made for the filter, and goes with it.
    private const uint DisciplineIsOurs = 0x8000;

    private const int MessageBytes = 256;

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);
    private readonly LinkTable _links = new();
    private readonly Dictionary<string, (uint Priority, ushort EtherType, FilterStep[] Program)[]> _programs = ports.ToDictionary(
        port => port.Name,
        port =>
            ((uint Priority, ushort EtherType, FilterStep[] Program)[])
                [
                    .. SilenceProgram.Arp(port, ports).Select(program => (ArpPriority, EtherTypeArp, program)),
                    .. SilenceProgram.Discovery(port, ports).Select(program => (DiscoveryPriority, EtherTypeIpv6, program)),
                ],
        StringComparer.Ordinal
    );

    /// <summary>
    /// Makes the filters stand on every port that is there, and on no other interface. May be repeated; what stands is replaced in place.
    /// </summary>
    /// <returns>One line for each port that has not its filters, with the remedy.</returns>
    public IReadOnlyList<string> Apply()
    {
        var problems = new List<string>();
        var disciplines = ReadDisciplines();
        foreach (var link in _links.Read())
        {
            var programs = _programs.GetValueOrDefault(link.Name, []);
            var kind = disciplines.GetValueOrDefault(link.Index);
            var standing = kind == "clsact" ? ReadFilters(link.Index) : [];
            if (programs.Length == 0)
            {
                Remove(link.Index, standing);
            }
            else if (Place(link, programs, kind, standing) is { } problem)
            {
                problems.Add(
                    $"{link.Name} would speak for virtual addresses if somebody flushed nftables while hitlessd is stopped: {problem}"
                );
            }
        }

        return problems;
    }

    /// <summary>Whether every port that is there has its filters, so that there is nothing to do.</summary>
    public bool IsWhole()
    {
        var disciplines = ReadDisciplines();
        return _links
            .Read()
            .All(link =>
                _programs.GetValueOrDefault(link.Name, []) is var programs
                && (
                    programs.Length == 0
                    || (disciplines.GetValueOrDefault(link.Index) == "clsact" && ReadFilters(link.Index).Count == programs.Length)
                )
            );
    }

    /// <summary>Takes the filters away, and the disciplines that were made for them and have no other filter.</summary>
    public void Remove()
    {
        foreach (var index in from each in ReadDisciplines() where each.Value == "clsact" select each.Key)
        {
            Remove(index, ReadFilters(index));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _netlink.Dispose();
    }

    private string? Place(
        in Link link,
        (uint Priority, ushort EtherType, FilterStep[] Steps)[] programs,
        string? kind,
        List<Filter> standing
    )
    {
        if (kind is not (null or "clsact"))
        {
            return $"its qdisc {kind} stands where the filters against that need clsact; give it clsact instead "
                + $"(tc qdisc del dev {link.Name} {kind}; tc qdisc add dev {link.Name} clsact) "
                + "and add its filters with \"ingress\" instead of \"parent ffff:\"";
        }

        var isOurs = kind is null || standing.Any(filter => (filter.Handle & DisciplineIsOurs) != 0);
        if (kind is null && ChangeDiscipline(link.Index, NewDiscipline) is { Succeeded: false } refused)
        {
            return $"no qdisc clsact ({refused}); it needs the kernel's sch_ingress and cls_bpf";
        }

        var wanted = programs
            .Select(
                (each, number) => Filter.Of(each.Priority, each.EtherType, OurHandles | (isOurs ? DisciplineIsOurs : 0) | (uint)number + 1)
            )
            .ToArray();
        for (var i = 0; i < wanted.Length; i++)
        {
            if (Add(link.Index, wanted[i], programs[i].Steps) is { Succeeded: false } failed)
            {
                return $"no filter bpf of priority {programs[i].Priority} ({failed}); "
                    + "it needs the kernel's cls_bpf, and that priority for itself";
            }
        }

        Delete(link.Index, standing.Except(wanted));
        return null;
    }

    private void Remove(int link, List<Filter> ours)
    {
        Delete(link, ours);
        if (ours.Any(filter => (filter.Handle & DisciplineIsOurs) != 0) && !HasFilters(link))
        {
            ChangeDiscipline(link, DeleteDiscipline);
        }
    }

    private bool HasFilters(int link) => Dump(link, ClsactEgress, ours: false).Count + Dump(link, ClsactIngress, ours: false).Count > 0;

    private Dictionary<int, string> ReadDisciplines()
    {
        var kinds = new Dictionary<int, string>();
        Span<byte> buffer = stackalloc byte[MessageBytes];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(GetDiscipline, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(default(Header));
        writer.EndMessage();
        _netlink.Query(writer.Written, ref kinds, AddDiscipline).ThrowIfFailed("cannot list the queueing disciplines");
        return kinds;
    }

    private List<Filter> ReadFilters(int link) => Dump(link, ClsactEgress, ours: true);

    private List<Filter> Dump(int link, uint parent, bool ours)
    {
        var reading = new Reading { Ours = ours };
        Span<byte> buffer = stackalloc byte[MessageBytes];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(GetFilter, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(new Header { LinkIndex = link, Parent = parent });
        writer.EndMessage();
        _netlink.Query(writer.Written, ref reading, AddFilter).ThrowIfFailed("cannot list the filters of a queueing discipline");
        return reading.Filters;
    }

    private static void AddDiscipline(NetlinkMessage message, ref Dictionary<int, string> kinds)
    {
        if (message.Type == NewDiscipline && message.TryReadHeader<Header>(out var header) && header.Parent == Clsact)
        {
            kinds[header.LinkIndex] = KindOf(message);
        }
    }

    private static void AddFilter(NetlinkMessage message, ref Reading reading)
    {
        // A priority tells of itself once more, with handle 0.
        if (
            message.Type == NewFilter
            && message.TryReadHeader<Header>(out var header)
            && header.Handle != 0
            && (!reading.Ours || ((header.Handle & HandleMask) == OurHandles && KindOf(message) == "bpf"))
        )
        {
            reading.Filters.Add(new Filter(header.Handle, header.Info));
        }
    }

    private static string KindOf(NetlinkMessage message)
    {
        var attributes = message.Attributes(Marshal.SizeOf<Header>());
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Kind)
            {
                return attribute.Text;
            }
        }

        return "";
    }

    private NetlinkResult ChangeDiscipline(int link, ushort type)
    {
        Span<byte> buffer = stackalloc byte[MessageBytes];
        var writer = new NetlinkMessageWriter(buffer);
        var flags = type == NewDiscipline ? NetlinkFlags.Create | NetlinkFlags.Exclusive : NetlinkFlags.None;
        writer.BeginMessage(type, NetlinkFlags.Request | NetlinkFlags.Acknowledge | flags, _netlink.NextSequence());
        writer.Header(
            new Header
            {
                LinkIndex = link,
                Handle = ClsactHandle,
                Parent = Clsact,
            }
        );
        writer.String(Kind, "clsact");
        writer.EndMessage();
        return _netlink.Execute(writer.Written);
    }

    private NetlinkResult Add(int link, Filter filter, FilterStep[] program)
    {
        var writer = new NetlinkMessageWriter(new byte[MessageBytes + (program.Length * Marshal.SizeOf<FilterStep>())]);
        writer.BeginMessage(NewFilter, NetlinkFlags.Request | NetlinkFlags.Acknowledge | NetlinkFlags.Create, _netlink.NextSequence());
        writer.Header(
            new Header
            {
                LinkIndex = link,
                Parent = ClsactEgress,
                Handle = filter.Handle,
                Info = filter.Info,
            }
        );
        writer.String(Kind, "bpf");
        var options = writer.BeginNested(Options);
        writer.U16(BpfStepCount, (ushort)program.Length);
        writer.Attribute(BpfSteps, MemoryMarshal.AsBytes<FilterStep>(program));
        writer.U32(BpfFlags, BpfAnswersAreVerdicts);
        writer.U32(BpfClassifierFlags, NotInHardware);
        writer.EndNested(options);
        writer.EndMessage();
        return _netlink.Execute(writer.Written);
    }

    private void Delete(int link, IEnumerable<Filter> filters)
    {
        Span<byte> buffer = stackalloc byte[MessageBytes];
        foreach (var filter in filters)
        {
            var writer = new NetlinkMessageWriter(buffer);
            writer.BeginMessage(DeleteFilter, NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
            writer.Header(
                new Header
                {
                    LinkIndex = link,
                    Parent = ClsactEgress,
                    Handle = filter.Handle,
                    Info = filter.Info,
                }
            );
            writer.String(Kind, "bpf");
            writer.EndMessage();
            _netlink.Execute(writer.Written);
        }
    }

    private struct Reading()
    {
        internal bool Ours { get; init; }

        internal List<Filter> Filters { get; } = [];
    }

    /// <summary>Handle, and priority and protocol as <c>tcm_info</c> has them.</summary>
    private readonly record struct Filter(uint Handle, uint Info)
    {
        internal static Filter Of(uint priority, ushort etherType, uint handle) =>
            new(handle, (priority << 16) | BinaryPrimitives.ReverseEndianness(etherType));
    }
}
