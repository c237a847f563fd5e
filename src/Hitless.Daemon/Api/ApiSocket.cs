using System.Net;
using System.Net.Sockets;

namespace Hitless.Daemon.Api;

/// <summary>The file of the local API: removes what a killed process left, and never anything else.</summary>
internal sealed class ApiSocket(string path)
{
    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Makes the folder, and the way free.</summary>
    public async Task PrepareAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        if (!File.Exists(Path))
        {
            return;
        }

        if (!IsSocket())
        {
            throw new IOException($"{Path} is in the way and is not a socket; remove it or choose another path with --socket");
        }

        if (await SomebodyAnswersAsync(cancel))
        {
            throw new IOException($"another hitlessd answers on {Path}; stop it or choose another path with --socket");
        }

        File.Delete(Path);
    }

    /// <summary>Binds, and narrows the rights before the first connection can come: Kestrel listens only after this.</summary>
    public Socket Bind(EndPoint endPoint)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(endPoint);
        File.SetUnixFileMode(Path, OwnerAndGroup);
        return socket;
    }

    // Opening a socket as a file fails with ENXIO on Linux; anything that can be opened is not ours to delete.
    private bool IsSocket()
    {
        try
        {
            using var handle = File.OpenHandle(Path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task<bool> SomebodyAnswersAsync(CancellationToken cancel)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
