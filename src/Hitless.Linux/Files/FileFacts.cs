using Hitless.Linux.Native;

namespace Hitless.Linux.Files;

/// <summary>
/// What statx(2) says of a path without following it or opening it (opening a FIFO would block): kind and permission bits, numbers of owner
/// and group.
/// </summary>
public readonly record struct FileFacts(int KindAndMode, uint Owner, uint Group)
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;
    private const int KindMask = 0xF000;
    private const int PlainFile = 0x8000;

    /// <summary>A plain file: no folder, link, FIFO, socket or device.</summary>
    public bool IsPlain => (KindAndMode & KindMask) == PlainFile;

    /// <summary>Reads them; false if there is nothing at the path, or it cannot be reached.</summary>
    public static unsafe bool TryRead(string path, out FileFacts facts)
    {
        // struct statx (linux/stat.h): uid at 20, gid at 24, mode at 28.
        var buffer = stackalloc byte[256];
        if (Libc.StatX(CurrentFolder, path, NoFollow, BasicStats, buffer) != 0)
        {
            facts = default;
            return false;
        }

        facts = new FileFacts(*(ushort*)(buffer + 28), *(uint*)(buffer + 20), *(uint*)(buffer + 24));
        return true;
    }
}
