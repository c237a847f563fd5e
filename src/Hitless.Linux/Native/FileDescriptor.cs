using Microsoft.Win32.SafeHandles;

namespace Hitless.Linux.Native;

/// <summary>An open file descriptor of this process; closed when disposed.</summary>
public sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>For the marshaller, which fills the handle in.</summary>
    public FileDescriptor()
        : base(ownsHandle: true) { }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
