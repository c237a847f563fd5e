using Hitless.Core.Cluster;
using Hitless.Core.Wire;

namespace Hitless.Simulator.Units;

/// <summary>
/// A process's heartbeat socket: encodes for the wire, sends on every link, and refuses what is doubled, as the replay window of the wire
/// does.
/// </summary>
internal sealed class HeartbeatPort(Simulation world, UnitProcess process)
{
    private readonly Heartbeat incoming = new();
    private readonly HashSet<(UnitId Unit, IncarnationTag Tag, ulong Sequence)> taken = [];
    private readonly byte[] buffer = new byte[HeartbeatCodec.LengthMax];
    private ulong sequence;

    /// <summary>Sends what the machine says of its unit to every other unit.</summary>
    public void Send(ClusterMachine machine)
    {
        var length = HeartbeatCodec.Write(machine.Outgoing, machine.AgreedWireMinor, buffer);
        var datagram = new HeartbeatDatagram(process.Unit.Serial, process.Tag, ++sequence, buffer.AsSpan(0, length).ToArray());

        // Sealed once more: its own sequence.
        var throughPorts = datagram with { Sequence = ++sequence };
        foreach (var other in world.Units)
        {
            if (other != process.Unit)
            {
                for (var link = 0; link < world.Fabric.LinkCount; link++)
                {
                    var way = link;
                    world.Fabric.Send(way, process.Unit.Index, other.Index, () => Arrive(other, datagram, way));
                }

                if (machine.SpeaksOverTraffic && process.Unit.PortsUp != 0)
                {
                    world.Fabric.Send(world.Fabric.Traffic, process.Unit.Index, other.Index, () => ArriveOverTraffic(other, throughPorts));
                }
            }
        }
    }

    private static void ArriveOverTraffic(SimulatedUnit other, in HeartbeatDatagram datagram)
    {
        if (other.PortsUp != 0)
        {
            other.Process?.TakeHeartbeat(datagram, overTraffic: true);
        }
    }

    /// <summary>Where no daemon listens the kernel says so: "port unreachable".</summary>
    private void Arrive(SimulatedUnit other, HeartbeatDatagram datagram, int link)
    {
        if (other.Process is { } listening)
        {
            listening.TakeHeartbeat(datagram, overTraffic: false, link);
        }
        else if (other.Powered && world.TellEnd(other))
        {
            world.Fabric.SendOnAll(other.Index, process.Unit.Index, () => process.TakeEnd(other));
        }
    }

    /// <summary>
    /// Decodes a heartbeat; the result is good until the next one. False if it came before. One that was overtaken is good.
    /// </summary>
    public bool TryRead(in HeartbeatDatagram datagram, out Heartbeat heartbeat)
    {
        heartbeat = incoming;
        if (!taken.Add((datagram.Unit, datagram.Tag, datagram.Sequence)))
        {
            return false;
        }

        if (!HeartbeatCodec.TryRead(datagram.Payload, incoming))
        {
            throw new InvalidOperationException("A heartbeat that was encoded by this version cannot be decoded by it.");
        }

        return true;
    }
}

/// <summary>A heartbeat on the wire, opened: sender, tag of its incarnation, sequence, encoded content.</summary>
internal readonly record struct HeartbeatDatagram(UnitId Unit, IncarnationTag Tag, ulong Sequence, byte[] Payload);
