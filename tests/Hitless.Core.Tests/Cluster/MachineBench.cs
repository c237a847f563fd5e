using Hitless.Core.Cluster;
using Hitless.Core.Wire;

namespace Hitless.Core.Tests.Cluster;

/// <summary>
/// Some cluster machines on a perfect network in virtual time, a step a millisecond. What a unit's kernel and session loop would answer
/// comes at once.
/// </summary>
internal sealed class MachineBench
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly List<Node> nodes = [];

    public MachineBench(params ReadOnlySpan<byte> priorities)
        : this(witness: false, priorities) { }

    public MachineBench(bool witness, params ReadOnlySpan<byte> priorities)
    {
        Count = priorities.Length;
        foreach (var priority in priorities)
        {
            nodes.Add(new Node(this, new UnitId((ulong)nodes.Count + 1), priority) { HasWitness = witness });
            nodes[^1].Start(adopt: false);
        }
    }

    /// <summary>How many units the cluster has.</summary>
    public int Count { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public Node this[int index] => nodes[index];

    public Node Primary => nodes.Single(node => !node.Frozen && node.Machine?.Role == UnitRole.Primary);

    public Node OtherThan(Node node) => nodes.First(other => other != node);

    /// <summary>Another unit with the id of <paramref name="of"/>, which starts now.</summary>
    public Node AddClone(Node of, string name, bool cut = false)
    {
        var clone = new Node(this, of.Serial, 100, tagBefore: (of.Serial.Number << 8) + 100) { Cut = cut };
        nodes.Add(clone);
        clone.Rename(name);
        return clone;
    }

    public MachineBench Run(int milliseconds)
    {
        for (var i = 0; i < milliseconds; i++)
        {
            Now += Step;
            foreach (var node in nodes)
            {
                node.Tick();
            }
        }

        return this;
    }

    /// <summary>Time in which nothing is new, every unit included: as if all of them had slept.</summary>
    public MachineBench Skip(TimeSpan time)
    {
        Now += time;
        return this;
    }

    /// <summary>One unit: machine, kernel, and a socket whose datagrams wait while the process is frozen.</summary>
    internal sealed class Node(MachineBench bench, UnitId serial, byte priority, ulong tagBefore = 0) : IClusterEffects
    {
        private readonly Queue<ClusterInput> inbox = new();
        private readonly Queue<(TimeSpan At, ClusterInput Input)> late = new();
        private readonly Queue<(Node To, ClusterInput Answer)> answers = new();
        private readonly byte[] buffer = new byte[HeartbeatCodec.LengthMax];
        private TimeSpan claimUntil = TimeSpan.MaxValue;
        private bool toldEnd;
        private ulong tag = tagBefore == 0 ? serial.Number << 8 : tagBefore;
        private TrafficState traffic = TrafficState.Muted;
        private bool still;

        public ClusterMachine? Machine { get; private set; }

        public UnitId Serial => serial;

        public string Name { get; private set; } = $"gw{serial.Number}";

        public bool Frozen { get; set; }

        public bool Cut { get; set; }

        public List<string> Told { get; } = [];

        public int Announced { get; private set; }

        /// <summary>How often a deadline, and no input, woke the unit.</summary>
        public int WokenByTime { get; private set; }

        public bool TakesAnyWindow { get; private set; }

        public int Looked { get; private set; }

        /// <summary>How often it asked who has the virtual addresses.</summary>
        public int Asked { get; private set; }

        /// <summary>It has another key than the others: what it says is heard as a stranger's, and the other way round.</summary>
        public int Key { get; set; }

        public int Renewals { get; private set; }

        public List<UnitId> MergedInto { get; } = [];

        /// <summary>The heartbeat links of this unit: what it sends, what it hears.</summary>
        public bool LinkOut { get; set; } = true;

        public bool LinkIn { get; set; } = true;

        /// <summary>The unit's ports, which carry heartbeats too where a bench has them.</summary>
        public bool PortsOn { get; set; }

        /// <summary>The whole machine stands still: its kernel answers when it goes on.</summary>
        public bool StandsStill
        {
            get => Frozen && still;
            set => Frozen = still = value;
        }

        /// <summary>A firewall lets no ICMP echo in.</summary>
        public bool DropsEcho { get; set; }

        /// <summary>This unit's kernel can be asked through the ports too.</summary>
        public bool EchoThroughPorts { get; set; }

        /// <summary>What this unit says arrives here late.
        public Node? LateFrom { get; set; }

        /// <summary>The sessions are compared at once, and the windows of its own entries freed later.</summary>
        public bool WindowsTakeLonger { get; set; }

        /// <summary>The sessions that an offer waits for arrive.</summary>
        public bool Applies { get; set; } = true;

        /// <summary>It gets the sessions that it asks for.</summary>
        public bool Fetches { get; set; } = true;

        /// <summary>Its session loop answers: what it received is in the kernel.</summary>
        public bool Drains { get; set; } = true;

        /// <summary>From its next start on its cluster shares flows out.</summary>
        public bool ActiveActive { get; set; }

        /// <summary>How long its daemon takes to start.</summary>
        public TimeSpan StartTime { get; set; }

        public bool HasWitness { get; init; }

        /// <summary>The hold that lies on its disk.</summary>
        public UnitHold? Hold { get; private set; }

        public bool WitnessAnswers { get; set; } = true;

        /// <summary>What the kernel does: a claim that is over is muted.</summary>
        public TrafficState Traffic => traffic == TrafficState.Claimed && bench.Now >= claimUntil ? TrafficState.Muted : traffic;

        public bool ClaimLasts => claimUntil == TimeSpan.MaxValue;

        public void Start(bool adopt)
        {
            tag++;
            toldEnd = false;
            var epoch = Machine?.Epoch.Number ?? 0;
            Machine = null;
            Machine = new ClusterMachine(
                new ClusterOptions(serial, new(tag), Name, "1.0.0", 1)
                {
                    Priority = priority,
                    PortCount = 2,
                    HasWitness = HasWitness,
                    EpochNumber = epoch,
                    Start = StartTime,
                    UnitCount = bench.Count,
                    ActiveActive = ActiveActive,
                    Hold = Hold,
                    AdoptClaim = adopt && Traffic == TrafficState.Claimed,
                },
                bench.Now,
                this
            );
        }

        /// <summary>It starts anew under another name.</summary>
        public void Rename(string name)
        {
            Name = name;
            Start(adopt: false);
        }

        public void Kill()
        {
            ended = Machine;
            Machine = null;
            inbox.Clear();
        }

        public void Restart()
        {
            Machine = ended;
            Start(adopt: true);
        }

        public void Take(in ClusterInput input) => Machine!.Step(input, bench.Now, this);

        /// <summary>What its kernel does by itself.</summary>
        private void RunKernel()
        {
            while (!StandsStill && answers.TryDequeue(out var answer))
            {
                answer.To.inbox.Enqueue(answer.Answer);
            }
        }

        public void Tick()
        {
            RunKernel();
            if (Frozen || Machine is null)
            {
                return;
            }

            while (late.TryPeek(out var next) && next.At <= bench.Now)
            {
                inbox.Enqueue(late.Dequeue().Input);
            }

            while (inbox.TryDequeue(out var input))
            {
                Machine.Step(input, bench.Now, this);
            }

            if (HasWitness && WitnessAnswers && bench.Now.TotalMilliseconds % 100 == 0)
            {
                Machine.Step(ClusterInput.WitnessAnswered, bench.Now, this);
            }

            if (Machine.NextDeadline <= bench.Now)
            {
                WokenByTime++;
                Machine.Step(ClusterInput.Tick, bench.Now, this);
            }
        }

        void IClusterEffects.SetTraffic(TrafficState state)
        {
            traffic = state;
            claimUntil = TimeSpan.MaxValue;
        }

        void IClusterEffects.RenewClaim(ClaimTerm term)
        {
            Renewals++;
            if (Traffic == TrafficState.Claimed)
            {
                claimUntil = term switch
                {
                    ClaimTerm.Lease => bench.Now + TimeSpan.FromMilliseconds(80),
                    ClaimTerm.LongLease => bench.Now + TimeSpan.FromMilliseconds(2500),
                    ClaimTerm.LongestLease => bench.Now + TimeSpan.FromSeconds(5),
                    ClaimTerm.Restart => bench.Now + ClusterOptions.RestartHoldOf(StartTime),
                    _ => TimeSpan.MaxValue,
                };
            }
        }

        void IClusterEffects.TakeAnyWindow(bool any) => TakesAnyWindow = any;

        void IClusterEffects.Announce() => Announced++;

        void IClusterEffects.AskKernels(uint question)
        {
            foreach (var other in bench.nodes.Where(other => other != this && !other.Cut && !Cut && !other.DropsEcho))
            {
                if (LinkOut && other.LinkIn && other.LinkOut && LinkIn)
                {
                    other.answers.Enqueue((this, ClusterInput.KernelAnswered(other.Serial, question)));
                }

                if (PortsOn && other.PortsOn && other.EchoThroughPorts)
                {
                    other.answers.Enqueue((this, ClusterInput.KernelAnswered(other.Serial, question, overTraffic: true)));
                }

                other.RunKernel();
            }
        }

        void IClusterEffects.LookForVirtualMac() => Looked++;

        void IClusterEffects.AskForAddresses()
        {
            Asked++;
            if (bench.nodes.Exists(other => other != this && PortsOn && other.PortsOn && other.Traffic == TrafficState.Claimed))
            {
                inbox.Enqueue(ClusterInput.AddressesAnswered);
            }
        }

        void IClusterEffects.MergeSessions(UnitId primary) => MergedInto.Add(primary);

        void IClusterEffects.SendHeartbeat()
        {
            // The first one comes out of the constructor.
            if (Machine is null)
            {
                return;
            }

            var length = HeartbeatCodec.Write(Machine.Outgoing, 1, buffer);
            foreach (var other in bench.nodes.Where(other => other != this && !other.Cut && !Cut))
            {
                if (LinkOut && other.LinkIn)
                {
                    Deliver(other, buffer.AsSpan(0, length), overTraffic: false);
                }

                if (PortsOn && other.PortsOn && Machine.SpeaksOverTraffic)
                {
                    Deliver(other, buffer.AsSpan(0, length), overTraffic: true);
                }
            }
        }

        void IClusterEffects.SetSessionRole(bool sending, UnitId? syncFrom)
        {
            if (syncFrom is { } from && Fetches)
            {
                inbox.Enqueue(ClusterInput.SessionsSynced(from, windows: !WindowsTakeLonger));
            }
        }

        void IClusterEffects.Barrier(RequestId request) => inbox.Enqueue(ClusterInput.BarrierReached(request, 1));

        void IClusterEffects.AwaitApplied(RequestId request, UnitId peer, ulong sequence)
        {
            if (Applies)
            {
                inbox.Enqueue(ClusterInput.SessionsApplied(request, ok: true));
            }
        }

        void IClusterEffects.Drain(RequestId request)
        {
            if (Drains)
            {
                inbox.Enqueue(ClusterInput.Drained(request));
            }
        }

        void IClusterEffects.KeepHold(UnitHold? hold) => Hold = hold;

        void IClusterEffects.Record(string kind, string text) => Told.Add(text);

        void IClusterEffects.SwitchoverEnded(bool done, string text) => Told.Add(text);

        void IClusterEffects.Stopped() => Machine = null;

        private ulong sequence;

        private void Deliver(Node other, ReadOnlySpan<byte> heartbeat, bool overTraffic)
        {
            var copy = new Heartbeat();
            HeartbeatCodec.TryRead(heartbeat, copy);
            var input =
                other.Serial == serial
                    ? ClusterInput.TwinHeard(new(tag), copy, overTraffic)
                    : ClusterInput.HeartbeatReceived(serial, new(tag), ++sequence, copy, overTraffic);
            if (other.Key != Key)
            {
                input = ClusterInput.StrangerHeard(serial);
                if (overTraffic || other.Machine is null)
                {
                    return;
                }
            }

            if (other.LateFrom == this)
            {
                other.late.Enqueue((bench.Now + TimeSpan.FromMilliseconds(10), input));
            }
            else if (other.Machine is not null)
            {
                other.inbox.Enqueue(input);
            }
            else if (!overTraffic)
            {
                other.Refuse(this);
            }
        }

        /// <summary>Only who was heard since the start is known by the address of its refusal.</summary>
        private bool Knows(UnitId unit) => Machine?.Peers.Any(peer => peer.Unit == unit && peer.Tag != IncarnationTag.None) == true;

        private ClusterMachine? ended;

        /// <summary>Nobody listens: "port unreachable", and the claim has the time of a restart, once.</summary>
        private void Refuse(Node sender)
        {
            if (traffic == TrafficState.Claimed && Traffic == TrafficState.Muted)
            {
                return;
            }

            if (!toldEnd && Traffic == TrafficState.Claimed)
            {
                claimUntil = bench.Now + ClusterOptions.RestartHoldOf(StartTime);
            }

            toldEnd = true;
            sender.inbox.Enqueue(ClusterInput.DaemonEnded(sender.Knows(serial) ? serial : UnitId.None));
        }
    }
}
