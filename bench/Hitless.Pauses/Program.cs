// pauses SECONDS [low-latency] [nice=N]: how late a real-time thread comes to a deadline each 10 ms, while two other threads of its process
// replace a heap of 45 MB at random. Prints one line of "name value" pairs. `pauses busy` keeps one core busy until it is ended.
using System.Globalization;
using System.Runtime;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;

const int RealTimePriority = 20;
const int Objects = 200_000;
const int ObjectBytes = 200;
const int Churners = 2;

if (args is ["busy"])
{
    for (var turns = 0L; ; turns++)
    {
        Thread.SpinWait(1000);
    }
}

var length = TimeSpan.FromSeconds(int.Parse(args[0], CultureInfo.InvariantCulture));
if (args.SingleOrDefault(word => word.StartsWith("nice=", StringComparison.Ordinal)) is { } nice)
{
    RealTime.Favour(int.Parse(nice[5..], CultureInfo.InvariantCulture));
}

if (args.Contains("low-latency"))
{
    GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
}

var heap = new byte[Objects][];
var stop = false;
var replaced = new long[Churners];
var churners = Enumerable
    .Range(0, Churners)
    .Select(churner => new Thread(() =>
    {
        var random = new Random(churner);
        while (!Volatile.Read(ref stop))
        {
            heap[random.Next(Objects)] = new byte[ObjectBytes];
            replaced[churner]++;
        }
    }))
    .ToArray();
Array.ForEach(churners, churner => churner.Start());

// The heap fills, and the runtime learns how large it is.
Thread.Sleep(1000);
var before = (GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2));
var paused = GC.GetTotalPauseDuration();
var late = new List<double>(capacity: 1 << 20);
var heartbeat = new Thread(() => Beat(length, late));
heartbeat.Start();
heartbeat.Join();
Volatile.Write(ref stop, true);
Array.ForEach(churners, churner => churner.Join());

late.Sort();
var status = File.ReadAllLines("/proc/self/status");
Console.WriteLine(
    string.Create(
        CultureInfo.InvariantCulture,
        $"median {At(0.5):F2} p99 {At(0.99):F2} p999 {At(0.999):F2} max {late[^1]:F2} gen0 {GC.CollectionCount(0) - before.Item1} "
            + $"gen1 {GC.CollectionCount(1) - before.Item2} gen2 {GC.CollectionCount(2) - before.Item3} pause "
            + $"{(GC.GetTotalPauseDuration() - paused).TotalMilliseconds:F0} replaced {replaced.Sum() / 1000} resident "
            + $"{Kilobytes("VmRSS:") / 1024}"
    )
);
return 0;

double At(double share) => late[(int)(share * (late.Count - 1))];

long Kilobytes(string field) =>
    long.Parse(
        status.First(line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture
    );

static void Beat(TimeSpan length, List<double> late)
{
    if (RealTime.TryEnter(RealTimePriority) is { } why)
    {
        Console.Error.WriteLine(why);
        Environment.Exit(1);
    }

    using var poller = new Poller();
    var interval = TimeSpan.FromMilliseconds(10);
    var end = MonotonicClock.Now + length;
    var due = MonotonicClock.Now + interval;
    while (due < end)
    {
        poller.Wait(due - MonotonicClock.Now, []);
        var now = MonotonicClock.Now;
        late.Add((now - due).TotalMilliseconds);
        due = (now > due ? now : due) + interval;
    }
}
