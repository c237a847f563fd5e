using System.Runtime.InteropServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>
/// Has the kernel refuse system calls that a program on the network has no use for (seccomp(2)): other processes' memory, kernel modules,
/// mounts, namespaces, keys, clocks, BPF, io_uring, and what else gives a way into the kernel. They fail with EPERM; nobody is killed.
/// </summary>
public static unsafe class SystemCallFilter
{
    private const int SetFilter = 22; // PR_SET_SECCOMP
    private const nuint FilterMode = 2; // SECCOMP_MODE_FILTER
    private const uint Allow = 0x7fff0000; // SECCOMP_RET_ALLOW
    private const uint Refuse = 0x00050000 | Errno.Permission; // SECCOMP_RET_ERRNO
    private const uint NumberOffset = 0; // seccomp_data.nr
    private const uint MachineOffset = 4; // seccomp_data.arch
    private const uint MachineX64 = 0xC000003E; // AUDIT_ARCH_X86_64
    private const uint MachineArm64 = 0xC00000B7; // AUDIT_ARCH_AARCH64
    private const uint OtherNumbers = 0x40000000; // __X32_SYSCALL_BIT

    // Name, its number on x86-64 (asm/unistd_64.h) and on arm64 (asm-generic/unistd.h); -1: there is none.
    private static readonly (string Name, int X64, int Arm64)[] Refused =
    [
        ("ptrace", 101, 117),
        ("process_vm_readv", 310, 270),
        ("process_vm_writev", 311, 271),
        ("kcmp", 312, 272),
        ("init_module", 175, 105),
        ("finit_module", 313, 273),
        ("delete_module", 176, 106),
        ("kexec_load", 246, 104),
        ("kexec_file_load", 320, 294),
        ("mount", 165, 40),
        ("umount2", 166, 39),
        ("pivot_root", 155, 41),
        ("chroot", 161, 51),
        ("swapon", 167, 224),
        ("swapoff", 168, 225),
        ("reboot", 169, 142),
        ("sethostname", 170, 161),
        ("setdomainname", 171, 162),
        ("acct", 163, 89),
        ("settimeofday", 164, 170),
        ("clock_settime", 227, 112),
        ("clock_adjtime", 305, 266),
        ("adjtimex", 159, 171),
        ("quotactl", 179, 60),
        ("quotactl_fd", 443, 443),
        ("add_key", 248, 217),
        ("request_key", 249, 218),
        ("keyctl", 250, 219),
        ("bpf", 321, 280),
        ("perf_event_open", 298, 241),
        ("userfaultfd", 323, 282),
        ("open_by_handle_at", 304, 265),
        ("unshare", 272, 97),
        ("setns", 308, 268),
        ("io_uring_setup", 425, 425),
        ("io_uring_enter", 426, 426),
        ("io_uring_register", 427, 427),
        ("open_tree", 428, 428),
        ("move_mount", 429, 429),
        ("fsopen", 430, 430),
        ("fsconfig", 431, 431),
        ("fsmount", 432, 432),
        ("fspick", 433, 433),
        ("mount_setattr", 442, 442),
        ("fanotify_init", 300, 262),
        ("syslog", 103, 116),
        ("mknod", 133, -1),
        ("mknodat", 259, 33),
        ("iopl", 172, -1),
        ("ioperm", 173, -1),
        ("modify_ldt", 154, -1),
    ];

    /// <summary>The calls that are refused, and their numbers on x86-64.</summary>
    public static IEnumerable<(string Name, int Number)> OnX64 => Refused.Select(each => (each.Name, each.X64));

    /// <summary>
    /// Puts the filter on the calling thread, on those that it starts, and on what it executes, for good. It takes no_new_privs
    /// (<see cref="OwnRights.KeepOnly"/>).
    /// </summary>
    /// <returns>Null, or one line: why there is no filter.</returns>
    public static string? Enter()
    {
        if (RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
        {
            return "system calls are not filtered: their numbers on this machine are not known";
        }

        var steps = Program(RuntimeInformation.ProcessArchitecture == Architecture.X64);
        fixed (FilterStep* first = steps)
        {
            var program = new FilterProgram { Length = (ushort)steps.Length, Steps = first };
            return Libc.ProcessControl(SetFilter, FilterMode, (nuint)(&program), 0, 0) < 0
                ? $"system calls are not filtered: {Errno.Words(Errno.Last)}"
                : null;
        }
    }

    private static FilterStep[] Program(bool x64)
    {
        var numbers = Refused.Select(each => x64 ? each.X64 : each.Arm64).Where(number => number >= 0).ToArray();
        List<FilterStep> steps =
        [
            // Calls by another machine's numbers (32 bits, x32) are refused as a whole.
            new(FilterStep.LoadWord, 0, 0, MachineOffset),
            new(FilterStep.JumpIfEqual, 1, 0, x64 ? MachineX64 : MachineArm64),
            new(FilterStep.Answer, 0, 0, Refuse),
            new(FilterStep.LoadWord, 0, 0, NumberOffset),
            new(FilterStep.JumpIfAtLeast, (byte)(numbers.Length + 1), 0, OtherNumbers),
        ];
        for (var i = 0; i < numbers.Length; i++)
        {
            steps.Add(new(FilterStep.JumpIfEqual, (byte)(numbers.Length - i), 0, (uint)numbers[i]));
        }

        return [.. steps, new(FilterStep.Answer, 0, 0, Allow), new(FilterStep.Answer, 0, 0, Refuse)];
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        internal ushort Length;
        internal FilterStep* Steps;
    }
}
