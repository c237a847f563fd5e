using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hitless.Linux.Counters;

/// <summary>
/// A small file of /proc that is read again and again. It belongs to the network namespace of the thread that opened it, whichever thread
/// reads it (proc_net is bound when it is opened).
/// </summary>
internal sealed class CounterFile : IDisposable
{
    private readonly SafeFileHandle? _handle;
    private byte[] _buffer = new byte[8192];

    /// <summary>Opens <c>/proc/thread-self/net/<paramref name="name"/></c>; a kernel without it has nothing to tell.</summary>
    internal CounterFile(string name)
    {
        try
        {
            _handle = File.OpenHandle($"/proc/thread-self/net/{name}");
        }
        catch (IOException)
        {
            _handle = null;
        }
        catch (UnauthorizedAccessException)
        {
            _handle = null;
        }
    }

    /// <summary>Its lines now; none if it is not there.</summary>
    internal string[] Lines()
    {
        if (_handle is null)
        {
            return [];
        }

        var length = 0;
        while (true)
        {
            var read = RandomAccess.Read(_handle, _buffer.AsSpan(length), length);
            if (read == 0)
            {
                return Encoding.ASCII.GetString(_buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            }

            length += read;
            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, length * 2);
            }
        }
    }

    public void Dispose() => _handle?.Dispose();
}
