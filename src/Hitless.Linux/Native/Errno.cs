using System.Runtime.InteropServices;

namespace Hitless.Linux.Native;

/// <summary>Error numbers that the code decides on (<c>asm-generic/errno.h</c>), and every number in words.</summary>
public static class Errno
{
    public const int Permission = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int NoSuchDeviceOrAddress = 6;
    public const int Again = 11;
    public const int Exists = 17;
    public const int NoDevice = 19;
    public const int InvalidArgument = 22;
    public const int NotSupported = 95;
    public const int AddressNotAvailable = 99;
    public const int NetworkDown = 100;
    public const int NetworkUnreachable = 101;
    public const int NoBuffers = 105;
    public const int ConnectionRefused = 111;
    public const int HostUnreachable = 113;

    /// <summary>The C library's words for an error number, for example "No such device".</summary>
    public static string Words(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>The error that the last call left behind on this thread.</summary>
    internal static int Last => Marshal.GetLastPInvokeError();
}
