using System.Globalization;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;
using Hitless.Linux.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// What stood at a managed path. <c>Content</c> null: no such file. <c>Mode</c>: octal, such as 0644. <c>Owner</c>: user:group.
/// </summary>
public sealed record FileBefore(string Path, byte[]? Content, string? Mode, string? Owner = null);

/// <summary>Reads and replaces one managed file. What the world refuses is a <see cref="ManagedFileException"/> with one line.</summary>
internal static class DiskFile
{
    /// <summary>
    /// Reads at most <see cref="CommitRules.FileLengthMaxBytes"/>; a larger file is refused without being read to its end.
    /// </summary>
    public static FileBefore Read(string path)
    {
        if (ManagedPath.Problem(path) is { } problem)
        {
            throw new ManagedFileException(path, problem);
        }

        try
        {
            if (!FileFacts.TryRead(path, out var facts))
            {
                return new FileBefore(path, null, null);
            }

            if (!facts.IsPlain)
            {
                throw new ManagedFileException(path, "is not a plain file");
            }

            using var file = File.OpenRead(path);
            if (file.Length > CommitRules.FileLengthMaxBytes)
            {
                throw new ManagedFileException(path, $"is larger than {CommitRules.FileLengthMaxBytes >> 20} MiB");
            }

            var content = new byte[file.Length];
            var length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return new FileBefore(path, content[..length], Octal(facts.KindAndMode), OwnerNames.Now.NameOf(facts.Owner, facts.Group));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ManagedFileException(path, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// Replaces the file in one step, with the owner, mode and extended attributes of the one that stood there; the mode and owner of
    /// <paramref name="wanted"/>, if given, win.
    /// </summary>
    public static async Task WriteAsync(FileBefore wanted, TimeSpan timeMax)
    {
        var (path, content, mode, owner) = wanted;
        if (ManagedPath.Problem(path) is { } problem)
        {
            throw new ManagedFileException(path, problem);
        }

        // A dot in front: programs that read a whole folder (*.conf) must not see it.
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.hitless");
        try
        {
            File.Delete(temporary);
            if (File.Exists(path))
            {
                // .NET cannot change owners; coreutils does owner, mode, extended attributes and ACLs in one go.
                await RunAsync($"cp --attributes-only --preserve=mode,ownership,xattr --no-dereference -- {path} {temporary}", timeMax);
            }

            if (
                owner is not null
                && (!FileFacts.TryRead(temporary, out var facts) || OwnerNames.Now.NameOf(facts.Owner, facts.Group) != owner)
            )
            {
                await RunAsync($"touch {temporary} && chown -- {owner} {temporary}", timeMax);
            }

            WriteFlushed(temporary, content!, mode);
            DurableFile.Move(temporary, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ManagedFileException(path, $"cannot be written: {e.Message}");
        }
        finally
        {
            DurableFile.DeleteQuietly(temporary);
        }
    }

    /// <summary>Takes the file away; none is fine.</summary>
    public static void Delete(string path)
    {
        if (ManagedPath.Problem(path) is { } problem)
        {
            throw new ManagedFileException(path, problem);
        }

        try
        {
            DurableFile.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ManagedFileException(path, $"cannot be deleted: {e.Message}");
        }
    }

    /// <summary>Null for what is no mode; the bits beyond rwxrwxrwx never travel.</summary>
    public static UnixFileMode? ModeOf(string? octal) =>
        int.TryParse(octal, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && octal.All(c => c is >= '0' and <= '7')
        && octal.Length <= 4
            ? (UnixFileMode)(Convert.ToInt32(octal, 8) & 0x1FF)
            : null;

    private static string Octal(int mode) => "0" + Convert.ToString(mode & 0x1FF, 8).PadLeft(3, '0');

    private static async Task RunAsync(string command, TimeSpan timeMax)
    {
        var outcome = await ShellCommand.RunAsync(command, timeMax, CancellationToken.None);
        if (outcome.Why is not null)
        {
            throw new IOException($"its owner and mode could not be kept: {outcome.Output}");
        }
    }

    private static void WriteFlushed(string path, byte[] content, string? mode)
    {
        using var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.SetLength(handle, 0);
        if (ModeOf(mode) is { } bits)
        {
            File.SetUnixFileMode(handle, bits);
        }

        RandomAccess.Write(handle, content, 0);

        RandomAccess.FlushToDisk(handle);
    }
}
