using Hitless.Linux.Native;

namespace Hitless.Linux.Netlink;

/// <summary>The kernel refused a netlink request; the message holds the error in words and the kernel's own explanation.</summary>
public sealed class NetlinkException : IOException
{
    public NetlinkException(string what, int errno, string? kernelText = null)
        : base(Describe(what, errno, kernelText)) => Errno = errno;

    /// <summary>The error number, positive (<see cref="Native.Errno"/>).</summary>
    public int Errno { get; }

    internal static string Describe(string what, int errno, string? kernelText) =>
        $"{what}: {Native.Errno.Words(errno)} (errno {errno}){(kernelText is null ? "" : $": the kernel says \"{kernelText}\"")}";
}
