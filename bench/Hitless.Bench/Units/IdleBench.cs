using System.Globalization;
using Hitless.Bench.Sessions;

namespace Hitless.Bench.Units;

/// <summary>
/// What two units at peace cost, by thread. Two folders of programs are measured at the same time, so that the machine is the same for
/// both.
/// </summary>
internal static class IdleBench
{
    private const double ShownPercent = 0.001;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(15);

    public static int Run(string[] arguments)
    {
        var (numbers, folders) = Programs.In(arguments);
        var length = TimeSpan.FromSeconds(numbers is [var seconds, ..] ? seconds : 60);
        var pairs = folders.Select((folder, i) => (Folder: folder, Pair: new UnitPair(folder, $"hs-idle{i}"))).ToList();
        using var bare = new UnitPair("", "hs-bare");
        using var floor = new DatagramFloor(bare);
        try
        {
            var processes = pairs
                .SelectMany(each => new[] { (each.Folder, Unit: 0, each.Pair.Start(0).Id), (each.Folder, Unit: 1, each.Pair.Start(1).Id) })
                .ToList();
            Thread.Sleep(Settle);
            var (before, floorBefore) = (processes.ConvertAll(process => ThreadTimes.Of(process.Id)), floor.Ran);
            Thread.Sleep(length);
            var floorAfter = floor.Ran;
            var after = processes.ConvertAll(process => ThreadTimes.Of(process.Id));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"two units at peace for {length.TotalSeconds:F0} s, machine's load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}"
                )
            );
            Console.WriteLine("| programs | unit | thread | of a core | wakes/s |");
            Console.WriteLine("| --- | --- | --- | --- | --- |");
            for (var i = 0; i < processes.Count; i++)
            {
                Tell(
                    processes[i].Folder,
                    processes[i].Unit == 0 ? "primary" : "standby",
                    after[i].Since(before[i]),
                    ReplicationPeer.MemoryMb(processes[i].Id)
                );
            }

            var share = floorAfter.Select((ran, i) => (ran - floorBefore[i]) / length * 100).Average();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| none | each | two threads that send and receive such datagrams, and do nothing else | {share:F2} % | 100 |"
                )
            );
            return 0;
        }
        finally
        {
            pairs.ForEach(each => each.Pair.Dispose());
        }
    }

    private static void Tell(string folder, string unit, IReadOnlyList<(string Name, double Percent, double Wakes)> threads, double memory)
    {
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {folder} | {unit} | **all**, {memory:F0} MB resident | **{threads.Sum(thread => thread.Percent):F2} %** | "
                    + $"{threads.Sum(thread => thread.Wakes):F0} |"
            )
        );
        foreach (var (name, percent, wakes) in threads.Where(thread => thread.Percent >= ShownPercent))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| | | {name} | {percent:F3} % | {wakes:F1} |"));
        }
    }
}
