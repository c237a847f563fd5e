using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hitless.Firmware.Files;

/// <summary>
/// The one way in which Hitless writes what must outlive a power cut. After each call here either the old or the new content
/// is on disk, never a mixture; when a call returns, it is the new one. The world's refusals come as <see cref="IOException"/>
/// (disk full, read-only, no such folder) or <see cref="UnauthorizedAccessException"/>, and then the old content still stands.
/// </summary>
/// <remarks>
/// .NET refuses to open a folder, so a folder cannot be given to fsync without P/Invoke, which only Hitless.Linux may have.
/// What does the same: fsync of the file *again after the rename*. A rename changes the file's inode (ctime), so that second
/// fsync has to commit the transaction that holds the rename: ext4_sync_file waits for the inode's last transaction
/// (fs/ext4/fsync.c), xfs forces the log up to the inode's last change, btrfs logs the new name.
/// </remarks>
public static class DurableFile
{
    /// <summary>Only the owner may read or write: keys, state.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What a file gets when nobody says otherwise: 0644.</summary>
    public const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const string TemporarySuffix = ".new";

    /// <summary>
    /// <see cref="WriteAllBytes"/> of a file that is Hitless's own: an empty folder in its place, as a damaged file system or a slip leaves
    /// one, is removed, since the file could never be written again. A folder with anything in it stays, and is an error.
    /// </summary>
    public static void WriteOwnBytes(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Readable)
    {
        MakeWay(path);
        WriteAllBytes(path, content, mode);
    }

    /// <summary><see cref="WriteOwnBytes"/> of UTF-8 text without a byte order mark.</summary>
    public static void WriteOwnText(string path, string content, UnixFileMode mode = Readable) =>
        WriteOwnBytes(path, Encoding.UTF8.GetBytes(content), mode);

    /// <summary>Removes an empty folder from where a file of Hitless's own belongs.</summary>
    public static void MakeWay(string path)
    {
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
        {
            Directory.Delete(path);
        }
    }

    /// <summary>
    /// Replaces the content of <paramref name="path"/> in one step; creates it if it is not there. One writer per path at a time.
    /// </summary>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Readable)
    {
        var temporary = path + TemporarySuffix;
        File.Delete(temporary);
        try
        {
            using var handle = Create(temporary, FileMode.CreateNew, mode);
            RandomAccess.Write(handle, content, fileOffset: 0);
            RandomAccess.FlushToDisk(handle);
            File.Move(temporary, path, overwrite: true);
            RandomAccess.FlushToDisk(handle);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary><see cref="WriteAllBytes"/> of UTF-8 text without a byte order mark.</summary>
    public static void WriteAllText(string path, string content, UnixFileMode mode = Readable) =>
        WriteAllBytes(path, Encoding.UTF8.GetBytes(content), mode);

    /// <summary>
    /// Appends one line to a journal and returns when it is on disk. A line that a power cut has torn off stays alone on its line:
    /// a reader skips what it cannot parse.
    /// </summary>
    public static void AppendLine(string path, string line)
    {
        using var handle = Create(path, FileMode.OpenOrCreate, Readable);
        var end = RandomAccess.GetLength(handle);
        var torn = end > 0 && LastByte(handle, end) != (byte)'\n';
        RandomAccess.Write(handle, Encoding.UTF8.GetBytes((torn ? "\n" : "") + line + "\n"), end);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Moves a finished file or folder (same file system) to its final name, and returns when the move is on disk. A file there is
    /// replaced; a folder there is an error.
    /// </summary>
    public static void Move(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.Move(from, to);
        }
        else
        {
            File.Move(from, to, overwrite: true);
        }

        FlushFolder(Parent(to));
    }

    /// <summary>Deletes a file if it is there, and returns when that is on disk.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            FlushFolder(Parent(path));
        }
    }

    /// <summary>Makes what was created, renamed or deleted in a folder durable, by committing a short-lived file in it.</summary>
    public static void FlushFolder(string folder)
    {
        var marker = Path.Combine(folder, ".flush" + TemporarySuffix);
        using (var handle = Create(marker, FileMode.Create, OwnerOnly))
        {
            RandomAccess.Write(handle, "\n"u8, fileOffset: 0);
            RandomAccess.FlushToDisk(handle);
        }

        DeleteQuietly(marker);
    }

    private static SafeFileHandle Create(string path, FileMode how, UnixFileMode mode)
    {
        var isNew = !File.Exists(path);
        var handle = File.OpenHandle(path, how, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (isNew)
        {
            File.SetUnixFileMode(handle, mode);
        }

        return handle;
    }

    private static byte LastByte(SafeFileHandle handle, long end)
    {
        Span<byte> last = stackalloc byte[1];
        return RandomAccess.Read(handle, last, end - 1) == 1 ? last[0] : (byte)0;
    }

    private static string Parent(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";

    /// <summary>Takes a temporary file away, if that can be done.</summary>
    public static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What remains is a temporary; the next write replaces it.
        }
    }
}
