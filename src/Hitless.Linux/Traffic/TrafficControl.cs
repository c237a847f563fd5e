using System.Runtime.InteropServices;

namespace Hitless.Linux.Traffic;

/// <summary>
/// Numbers and the fixed header of <c>linux/rtnetlink.h</c>, <c>pkt_sched.h</c> and <c>pkt_cls.h</c>: queueing disciplines and their
/// filters.
/// </summary>
internal static class TrafficControl
{
    internal const ushort NewDiscipline = 36; // RTM_NEWQDISC
    internal const ushort DeleteDiscipline = 37; // RTM_DELQDISC
    internal const ushort GetDiscipline = 38; // RTM_GETQDISC
    internal const ushort NewFilter = 44; // RTM_NEWTFILTER
    internal const ushort DeleteFilter = 45; // RTM_DELTFILTER
    internal const ushort GetFilter = 46; // RTM_GETTFILTER

    internal const ushort Kind = 1; // TCA_KIND
    internal const ushort Options = 2; // TCA_OPTIONS
    internal const ushort BpfStepCount = 4; // TCA_BPF_OPS_LEN
    internal const ushort BpfSteps = 5; // TCA_BPF_OPS
    internal const ushort BpfFlags = 8; // TCA_BPF_FLAGS
    internal const uint BpfAnswersAreVerdicts = 1; // TCA_BPF_FLAG_ACT_DIRECT
    internal const ushort BpfClassifierFlags = 9; // TCA_BPF_FLAGS_GEN
    internal const uint NotInHardware = 1; // TCA_CLS_FLAGS_SKIP_HW

    internal const uint Clsact = 0xffff_fff1; // TC_H_CLSACT, the same place as TC_H_INGRESS
    internal const uint ClsactHandle = 0xffff_0000;
    internal const uint ClsactIngress = 0xffff_fff2; // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
    internal const uint ClsactEgress = 0xffff_fff3; // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

    internal const ushort EtherTypeArp = 0x0806; // ETH_P_ARP
    internal const ushort EtherTypeIpv6 = 0x86dd; // ETH_P_IPV6

    /// <summary><c>struct tcmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Header
    {
        internal byte Family;
        internal byte Padding1;
        internal ushort Padding2;
        internal int LinkIndex;
        internal uint Handle;
        internal uint Parent;
        internal uint Info;
    }
}
