using System.Diagnostics;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sockets;

namespace Hitless.Lab.Floods;

/// <summary>
/// Somebody without the key on a network of the lab, who floods one unit there: records for a moment what the others send to it, makes
/// frames of that, and sends them at a rate until disposed, from a thread in the switch's namespace.
/// </summary>
public sealed class Flood : IDisposable
{
    private const int FrameCount = 4096;
    private const int FrameBytes = 2048;
    private const int Burst = 64;
    private static readonly TimeSpan RecordingLimit = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource end = new();
    private readonly Stopwatch clock = new();
    private readonly Task sending;
    private long sent;

    private Flood(LabPlan plan, string port, int udpPort, FloodKind kind, bool spoofed, int perSecond, LabUnit unit)
    {
        var switchPort = LabPlan.SwitchPort(port, unit.Name);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        sending = Task.Factory.StartNew(() => NetworkNamespace.Run(plan.NamespaceOf(LabPlan.Switch), () =>
                {
                    try
                    {
                        using var links = new LinkTable();
                        using var socket = new FrameSocket(links.Find(switchPort)?.Index ?? 0);
                        var frames = Forge(Record(socket, udpPort), kind, spoofed);
                        begun.SetResult();
                        Send(socket, frames, perSecond);
                    }
                    catch (Exception e)
                    {
                        begun.TrySetException(e);
                    }
                }), TaskCreationOptions.LongRunning);
        begun.Task.GetAwaiter().GetResult();
    }

    /// <summary>Frames a second, so far.</summary>
    public double PerSecond => Volatile.Read(ref sent) / Math.Max(clock.Elapsed.TotalSeconds, 0.001);

    /// <summary>Begins.</summary>
    /// <param name="unit">The unit that is flooded.</param>
    /// <param name="port">Its port on the network: hb0, lan0…</param>
    /// <param name="udpPort">Of a heartbeat network: 8417 heartbeats, 8418 sessions.</param>
    /// <param name="kind">With what.</param>
    /// <param name="spoofed">From a unit's own address, not from one of the sender's.</param>
    /// <param name="perSecond">So many, if the machine makes so many.</param>
    public static Flood Start(LabUnit unit, string port, int udpPort, FloodKind kind, bool spoofed, int perSecond) =>
        new(unit.Plan, port, udpPort, kind, spoofed, perSecond, unit);

    /// <summary>No more.</summary>
    public void Dispose()
    {
        end.Cancel();
        sending.Wait();
        end.Dispose();
    }

    /// <summary>A datagram to the unit. (What it sends itself comes in at the switch's port; what goes to it goes out.)</summary>
    private static List<(byte[] Frame, int At)> Record(FrameSocket socket, int udpPort)
    {
        var buffer = new byte[FrameBytes];
        List<(byte[], int)> recorded = [];
        for (var waited = Stopwatch.StartNew(); recorded.Count < Burst && waited.Elapsed < RecordingLimit; )
        {
            if (!socket.TryReceive(buffer, out var length, out var outgoing))
            {
                Thread.Sleep(1);
            }
            else if (outgoing && FrameForger.DatagramIn(buffer.AsSpan(0, length), udpPort) is { } at)
            {
                recorded.Add((buffer[..length], at));
            }
        }

        return recorded.Count > 0
            ? recorded
            : throw new LabException("nothing of the other units was heard on that network", "start the flood while both units run");
    }

    private static byte[][] Forge(List<(byte[] Frame, int At)> recorded, FloodKind kind, bool spoofed) =>
        [
            .. Enumerable
                .Range(0, FrameCount)
                .Select(i =>
                {
                    var (frame, at) = recorded[i % recorded.Count];
                    return FrameForger.Forge(frame, at, kind, spoofed, i);
                }),
        ];

    private void Send(FrameSocket socket, byte[][] frames, int perSecond)
    {
        clock.Start();
        for (var next = 0L; !end.IsCancellationRequested; )
        {
            var due = (long)(clock.Elapsed.TotalSeconds * perSecond);
            if (next >= due)
            {
                Thread.Sleep(1);
                continue;
            }

            // What is overdue by more than a tenth of a second was more than the machine makes.
            next = Math.Max(next, due - perSecond / 10);
            for (var i = 0; i < Burst && next < due; i++, next++)
            {
                if (socket.Send(frames[next % FrameCount]) == 0)
                {
                    Volatile.Write(ref sent, sent + 1);
                }
            }
        }
    }
}
