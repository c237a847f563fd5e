using System.Diagnostics;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Traffic;

/// <summary>One of <see cref="TrafficWorker"/>'s programs in a namespace, and the conversation with it.</summary>
public sealed class WorkerProcess : IDisposable
{
    /// <summary>What a worker says first.</summary>
    public const string Ready = "ready";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly string _name;
    private readonly Process _process;
    private readonly Task<string> _errors;

    private WorkerProcess(string name, Process process)
    {
        (_name, _process) = (name, process);
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// Starts a program in a network namespace and waits until it says that it is ready. <paramref name="urgent"/>: real-time scheduled
    /// from then on, where the machine allows; not before, since two programs that compile and fill their memory so would keep the units'
    /// own real-time threads from both processors, for seconds on some machines.
    /// </summary>
    public static async Task<WorkerProcess> StartAsync(string netNamespace, bool urgent, params IReadOnlyList<string> arguments)
    {
        var process = Tool.Start(
            "ip",
            ["netns", "exec", netNamespace, .. Favoured(), .. LabProgram.Command, .. arguments],
            redirectInput: true
        );
        var worker = new WorkerProcess(arguments[0], process);
        var said = await worker.ReadAsync();
        if (said != Ready)
        {
            throw new LabException($"{arguments[0]} said '{said}' where it should be ready", "run it by hand with `hitless lab exec`");
        }

        if (urgent)
        {
            Tool.Try("chrt", ["--all-tasks", "--fifo", "--pid", Tool.UrgentPriority, $"{process.Id}"]);
        }

        return worker;
    }

    /// <summary>Asks for an account so far.</summary>
    public Task<T> SnapshotAsync<T>() => AskAsync<T>("snapshot");

    /// <summary>Says one line and gives back the account that answers it.</summary>
    public async Task<T> AskAsync<T>(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return Parse<T>(await ReadAsync());
    }

    /// <summary>Has the program end, and gives back its last account.</summary>
    public async Task<T> FinishAsync<T>()
    {
        _process.StandardInput.Close();
        var account = Parse<T>(await ReadAsync());
        await _process.WaitForExitAsync();
        return account;
    }

    /// <summary>Ends the program at once if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    // Measuring comes first on a loaded machine, as far as we may: the load must not look like a gap in the network.
    private static string[] Favoured()
    {
        string[] nice = ["nice", "-n", "-10"];
        return Tool.Try(nice[0], [.. nice[1..], "true"]).Ok ? nice : [];
    }

    private T Parse<T>(string line) => LabJson.Read<T>(line) ?? throw new InvalidOperationException($"{_name} gave an empty account");

    private async Task<string> ReadAsync()
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit)
                ?? throw new LabException(
                    $"{_name} ended by itself: {(await _errors).Trim().Split('\n')[0]}",
                    "run it by hand with `hitless lab exec`"
                );
        }
        catch (TimeoutException)
        {
            throw new LabException($"{_name} has not answered for {Limit.TotalSeconds} s", "look at the load of the machine");
        }
    }
}
