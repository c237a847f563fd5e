using System.Text;

namespace Hitless.Linux.Sysctls;

/// <summary>
/// Sets values below <c>/proc/sys</c> and puts back what stood before. What to put back is kept in a small file, written before a value is
/// changed, so the successor of a killed process still knows the values of before its first start. Put it where a reboot clears it
/// (<c>/run</c>), as a reboot clears the settings too. The settings are those of the calling thread's network namespace. Where the file
/// cannot be written (a full disk) the values are set and put
/// back all the same, and the file is tried again with the next change: a gateway that forwards is worth more than what a crash would
/// forget.
/// </summary>
public sealed class SysctlScope
{
    private const string Root = "/proc/sys";

    private readonly string _file;
    private readonly Dictionary<string, string> _before = new(StringComparer.Ordinal);

    /// <param name="file">Where the former values are kept; read if it exists. One line each: name, space, value.</param>
    public SysctlScope(string file)
    {
        _file = file;
        try
        {
            foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
            {
                if (line.Split(' ', 2) is [var name, var value] && IsName(name))
                {
                    _before[name] = value;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What stood before a former process is not known then; what stands before this one is.
        }
    }

    /// <summary>The file does not hold what it should: it could not be written.</summary>
    public bool Unsaved { get; private set; }

    /// <summary>Writes the file, if it could not be written before.</summary>
    public void SaveAgain()
    {
        if (Unsaved && _before.Count > 0)
        {
            Save();
        }
    }

    /// <summary>The values that <see cref="Restore"/> would put back.</summary>
    public IReadOnlyDictionary<string, string> Before => _before;

    /// <summary>
    /// Sets one value; <paramref name="name"/> is the path with slashes, for example <c>net/ipv4/ip_forward</c> (interfaces may have dots
    /// in their names).
    /// </summary>
    /// <returns>Null, or one line that says why it could not be set.</returns>
    public string? Set(string name, string value) => Set(name, value, out _);

    /// <summary>
    /// As <see cref="Set(string, string)"/>; <paramref name="found"/>: what stood there instead, or null if nothing had to be changed.
    /// </summary>
    public string? Set(string name, string value, out string? found)
    {
        found = null;
        if (!IsName(name))
        {
            throw new InvalidOperationException($"No sysctl name: {name}");
        }

        try
        {
            var path = Path.Combine(Root, name);
            var before = Text(path);
            if (before == value)
            {
                return null;
            }

            if (_before.TryAdd(name, before) || Unsaved)
            {
                Save();
            }

            File.WriteAllText(path, value);
            found = before;
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"cannot set {name} to {value}: {exception.Message}";
        }
    }

    /// <summary>The value that stands; null if there is no such setting.</summary>
    public static string? Read(string name)
    {
        try
        {
            return IsName(name) ? Text(Path.Combine(Root, name)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Some forty of them are looked at each second: no lock of the file, and one read, which gives all of a value (proc_sys_read).
    private static string Text(string path)
    {
        Span<byte> text = stackalloc byte[4096];
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Encoding.UTF8.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
    }

    /// <summary>The folders below a name: interfaces, mostly.</summary>
    public IReadOnlyList<string> Below(string name)
    {
        try
        {
            return IsName(name) ? [.. Directory.EnumerateDirectories(Path.Combine(Root, name)).Select(path => Path.GetFileName(path))] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Puts one former value back; nothing if it was not changed.</summary>
    /// <returns>Null, or one line that says why it could not be put back.</returns>
    public string? Restore(string name)
    {
        if (!_before.TryGetValue(name, out var value))
        {
            return null;
        }

        var failure = PutBack(name, value);
        _before.Remove(name);
        Save();
        return failure;
    }

    /// <summary>Puts back every former value and deletes the file.</summary>
    /// <returns>One line for each value that could not be put back (its interface may be gone).</returns>
    public IReadOnlyList<string> Restore()
    {
        string[] failures = [.. _before.Select(pair => PutBack(pair.Key, pair.Value)).OfType<string>()];
        _before.Clear();
        try
        {
            File.Delete(_file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unsaved = true;
        }

        return failures;
    }

    private static string? PutBack(string name, string value)
    {
        try
        {
            File.WriteAllText(Path.Combine(Root, name), value);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"cannot put {name} back to {value}: {exception.Message}";
        }
    }

    // The file lies on disk and could be damaged: nothing in it may lead out of /proc/sys/net.
    private static bool IsName(string name) =>
        name.StartsWith("net/", StringComparison.Ordinal) && !name.Contains("..", StringComparison.Ordinal);

    private void Save()
    {
        try
        {
            var temporary = $"{_file}.new";
            File.WriteAllLines(temporary, _before.Select(pair => $"{pair.Key} {pair.Value}"));
            File.Move(temporary, _file, overwrite: true);
            Unsaved = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unsaved = true;
        }
    }
}
