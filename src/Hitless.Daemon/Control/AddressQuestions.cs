using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Polling;

namespace Hitless.Daemon.Control;

/// <summary>
/// Asks on every port who has the virtual addresses now, before this unit claims them (docs/decisions/0042). Allocates nothing while the
/// ports stay as they are.
/// </summary>
internal sealed class AddressQuestions(IReadOnlyList<TrafficPort> ports, EventLog events) : IDisposable
{
    private readonly AddressQuestion?[] sockets = new AddressQuestion?[ports.Count];
    private readonly int[] indexes = new int[ports.Count];

    /// <summary>How many ports there are.</summary>
    public int Count => ports.Count;

    /// <summary>
    /// Opens what is new: <paramref name="indexOf"/> gives a port's present number in the kernel, 0 while it is absent. Tokens count from
    /// <paramref name="firstToken"/>.
    /// </summary>
    public void Open(Func<string, int> indexOf, Poller poller, int firstToken)
    {
        for (var i = 0; i < sockets.Length; i++)
        {
            var index = indexOf(ports[i].Name);
            if (index != indexes[i])
            {
                indexes[i] = index;
                sockets[i]?.Dispose();
                sockets[i] = index != 0 && AddressQuestion.Suits(ports[i]) ? TryOpen(i, poller, firstToken + i) : null;
            }
        }
    }

    /// <summary>Asks on every port that is there.</summary>
    public void Ask()
    {
        foreach (var socket in sockets)
        {
            socket?.Ask();
        }
    }

    /// <summary>Takes the answers of a port; true if our virtual MAC has answered there.</summary>
    public bool TryReceive(int port) => sockets[port]?.TryReceive() ?? false;

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(sockets, socket => socket?.Dispose());

    private AddressQuestion? TryOpen(int port, Poller poller, int token)
    {
        try
        {
            using var links = new LinkTable();
            if (links.Find(ports[port].Name) is not { } link || link.Index != indexes[port])
            {
                return null;
            }

            var socket = new AddressQuestion(link.Index, link.Mac, ports[port]);
            poller.Add(socket.Handle, token);
            return socket;
        }
        catch (IOException e)
        {
            events.Add(EventKinds.Unit, $"nobody can be asked for virtual addresses on {ports[port].Name}: {e.Message}");
            return null;
        }
    }
}
