using System.Diagnostics;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Lab.Machine;

/// <summary>
/// Whether the machine that everything runs on stood still meanwhile: who measures milliseconds on a machine that he shares needs to know.
/// </summary>
public sealed class MachineWatch : IDisposable
{
    /// <summary>The word by which <c>hitless-lab</c> becomes <see cref="StandstillWorker"/>.</summary>
    public const string Program = "watch-machine";

    private const int MostKept = 1000;
    private readonly Process _worker = Tool.Start(LabProgram.Command[0], [.. LabProgram.Command.Skip(1), Program], redirectInput: true);
    private readonly Lock _lock = new();
    private readonly List<Standstill> _seen = [];
    private readonly TaskCompletionSource _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    /// <summary>
    /// Begins to watch. Where the machine does not allow real-time threads nothing is ever seen: a thread that is late proves nothing
    /// there.
    /// </summary>
    public MachineWatch() => _reading = ReadAsync();

    /// <summary>Ends once every processor is watched, or it is clear that none can be.</summary>
    public Task Watching => _watching.Task;

    /// <summary>The program that watches.</summary>
    public int ProcessId => _worker.Id;

    /// <summary>What ended since a moment; at most the first thousand of this watch.</summary>
    public IReadOnlyList<Standstill> Since(DateTimeOffset moment)
    {
        lock (_lock)
        {
            return [.. _seen.Where(seen => seen.At >= moment)];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _worker.StandardInput.Close();
        _reading.Wait();
        _worker.Dispose();
    }

    private async Task ReadAsync()
    {
        var begun = await _worker.StandardOutput.ReadLineAsync();
        _watching.SetResult();
        if (begun != StandstillWorker.Ready)
        {
            return;
        }

        while (await _worker.StandardOutput.ReadLineAsync() is { } line)
        {
            Note(LabJson.Read<Standstill>(line));
        }
    }

    private void Note(Standstill seen)
    {
        lock (_lock)
        {
            if (_seen.Count < MostKept)
            {
                _seen.Add(seen);
            }
        }
    }
}
