using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Bench.Units;

/// <summary>
/// From a process's start to its first heartbeat on the link and to its API's first answer. Folders of programs take turns. The unit has a
/// history: two thousand events, an epoch, an id.
/// </summary>
internal static class StartBench
{
    private const int Events = 2000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static int Run(string[] arguments)
    {
        var (numbers, folders) = Programs.In(arguments);
        var rounds = numbers is [var count, ..] ? count : 20;
        var starts = folders.ToDictionary(folder => folder, _ => new List<(double Heartbeat, double Answer, double Ran)>());
        for (var round = 0; round < rounds + 1; round++)
        {
            foreach (var folder in folders)
            {
                using var pair = new UnitPair(folder, "hs-start");
                WriteHistory(pair.StateOf(0));
                var start = StartOnce(pair);

                // The first one reads the program from disk.
                if (round > 0)
                {
                    starts[folder].Add(start);
                }
            }
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{rounds} starts, machine's load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}; milliseconds: median (least, most)"
            )
        );
        Console.WriteLine("| programs | first heartbeat | API answers | processor time until then |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (folder, measured) in starts)
        {
            Console.WriteLine(
                $"| {folder} | {Words(measured, start => start.Heartbeat)} | {Words(measured, start => start.Answer)} | "
                    + $"{Words(measured, start => start.Ran)} |"
            );
        }

        return 0;
    }

    private static (double Heartbeat, double Answer, double Ran) StartOnce(UnitPair pair)
    {
        using var link = pair.ListenAs(1);
        using var poller = new Poller();
        poller.Add(link.Handle, 0);
        var begun = Stopwatch.GetTimestamp();
        var process = pair.Start(0);
        Span<int> ready = stackalloc int[1];
        if (poller.Wait(Patience, ready) == 0)
        {
            throw new TimeoutException("no heartbeat");
        }

        var heartbeat = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        while (!Answers(pair.SocketOf(0)))
        {
            Thread.Sleep(1);
        }

        var answer = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return (heartbeat, answer, ThreadTimes.Of(process.Id).Ran.TotalMilliseconds);
    }

    private static bool Answers(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            return false;
        }

        socket.Send("GET /v1/status HTTP/1.1\r\nHost: hitless\r\nConnection: close\r\n\r\n"u8);
        var answer = new byte[64];
        return Encoding.ASCII.GetString(answer, 0, socket.Receive(answer)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
    }

    private static void WriteHistory(string state)
    {
        File.WriteAllText(Path.Combine(state, "unit-id"), "00f1e2d3c4b5a697\n");
        File.WriteAllText(Path.Combine(state, "epoch"), "41\n");
        File.WriteAllLines(
            Path.Combine(state, "events.jsonl"),
            Enumerable
                .Range(1, Events)
                .Select(i =>
                    $$"""{"number":{{i}},"time":"2026-01-01T00:00:00+00:00","unit":"gw1","kind":"role","""
                    + $$"""
                        "text":"gw1 is primary, epoch {{i}}: no primary; priority 200 > 100, ages within 300 s","epoch":{{i}}}
                        """
                )
        );
    }

    private static string Words(
        IReadOnlyList<(double Heartbeat, double Answer, double Ran)> starts,
        Func<(double Heartbeat, double Answer, double Ran), double> which
    )
    {
        double[] values = [.. starts.Select(which)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Programs.At(values, 0.5):F0} ({Programs.At(values, 0):F0}, {Programs.At(values, 1):F0})"
        );
    }
}
