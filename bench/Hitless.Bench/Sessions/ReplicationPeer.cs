using System.Diagnostics;
using System.Globalization;

namespace Hitless.Bench.Sessions;

/// <summary>
/// What replicates between two namespaces, or two machines: a process on each side, Hitless' session loops or conntrackd.
/// </summary>
/// <param name="name">hitless or conntrackd.</param>
/// <param name="inNamespaces">False on a machine that is one of the two: its processes are started as they are.</param>
internal sealed class ReplicationPeer(string name, bool inNamespaces = true) : IDisposable
{
    private const string Configuration = """
        Sync {
          Mode FTFW { ResendQueueSize 131072
            PurgeTimeout 60
            ACKWindowSize 300
            DisableExternalCache On }
          UDP { IPv4_address OWN
            IPv4_Destination_Address OTHER
            Port 3780
            Interface hb0
            SndSocketBuffer 16777216
            RcvSocketBuffer 16777216
            Checksum on }
        }
        General {
          HashSize 65536
          HashLimit 1048576
          LogFile off
          Syslog off
          LockFile FOLDER/UNIT.lock
          UNIX { Path FOLDER/UNIT.ctl }
          NetlinkBufferSize 33554432
          NetlinkBufferSizeMaxGrowth 134217728
          NetlinkOverrunResync On
          Filter From Userspace {
            Protocol Accept { TCP
              UDP }
            Address Ignore { IPv4_address 127.0.0.1
              IPv4_address 10.92.9.1
              IPv4_address 10.92.9.2 }
          }
        }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("hs-bench-").FullName;

    public string Name => name;

    public Process? A { get; private set; }

    public Process? B { get; private set; }

    public void StartA() => A = Start("a", "send");

    public void StartB() => B = Start("b", "follow");

    /// <summary>Asks B to fetch all of it.</summary>
    public void Fetch()
    {
        if (name == "hitless")
            B!.StandardInput.WriteLine(SessionUnit.Fetch);
        else
            Shell.Run($"{(inNamespaces ? $"ip netns exec {Shell.B} " : "")}conntrackd -C {folder}/b.conf -n");
    }

    public static void Stop(Process? process)
    {
        if (process is null || process.HasExited)
            return;
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>User and system time that a process has used.</summary>
    public static TimeSpan Cpu(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>
    /// How long each of its threads was ready to run and did not (sched-stats, the second number): what of a lag is the machine's.
    /// </summary>
    public static Dictionary<string, TimeSpan> WaitsForCore(Process process) =>
        Directory
            .EnumerateDirectories($"/proc/{process.Id}/task")
            .ToDictionary(
                thread => thread,
                thread =>
                    TimeSpan.FromTicks(
                        long.Parse(File.ReadAllText($"{thread}/schedstat").Split(' ')[1], CultureInfo.InvariantCulture)
                            / TimeSpan.NanosecondsPerTick
                    ),
                StringComparer.Ordinal
            );

    /// <summary>How long the threads that lived all the time waited since.</summary>
    public static TimeSpan WaitedSince(Process process, Dictionary<string, TimeSpan> before) =>
        WaitsForCore(process)
            .Aggregate(TimeSpan.Zero, (sum, thread) => before.TryGetValue(thread.Key, out var then) ? sum + thread.Value - then : sum);

    /// <summary>What a process holds of the machine's memory now.</summary>
    public static double MemoryMb(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(each => each.StartsWith("VmRSS", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public void Dispose()
    {
        Stop(A);
        Stop(B);
        Directory.Delete(folder, recursive: true);
    }

    private Process Start(string unit, string role)
    {
        var host = unit == "a" ? Shell.A : Shell.B;
        File.WriteAllText(
            $"{folder}/{unit}.conf",
            Configuration
                .Replace("FOLDER", folder, StringComparison.Ordinal)
                .Replace("UNIT", unit, StringComparison.Ordinal)
                .Replace("OWN", unit == "a" ? "10.92.9.1" : "10.92.9.2", StringComparison.Ordinal)
                .Replace("OTHER", unit == "a" ? "10.92.9.2" : "10.92.9.1", StringComparison.Ordinal)
        );
        File.Delete($"{folder}/{unit}.lock");
        File.Delete($"{folder}/{unit}.ctl");
        string[] command =
            name == "hitless" ? [Environment.ProcessPath!, "session-unit", unit, role] : ["conntrackd", "-C", $"{folder}/{unit}.conf"];
        string[] all = inNamespaces ? ["ip", "netns", "exec", host, .. command] : command;
        var process = Process.Start(
            new ProcessStartInfo(all[0], all[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        Thread.Sleep(1000);
        return process.HasExited ? throw new InvalidOperationException($"{name} does not start: exit {process.ExitCode}") : process;
    }
}
