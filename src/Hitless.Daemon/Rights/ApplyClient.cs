using System.Collections.Concurrent;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Core.Wire;
using Hitless.Daemon.Configuration;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Rights;

/// <summary>
/// hitless-apply as hitlessd sees it. Every wait has a limit: where it is away, what was asked fails in words, and hitlessd goes on.
/// </summary>
public sealed class ApplyClient : IRootWork, IConverterRun, IRecipeShell, IDisposable
{
    private const string Away = "hitless-apply does not answer";
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FileLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);

    private readonly PacketChannel _channel;
    private readonly ConcurrentDictionary<RequestId, Pending> _pending = [];
    private readonly CancellationTokenSource _ending = new();
    private volatile TaskCompletionSource<byte> _ready = New<byte>();
    private volatile byte[]? _proposed;
    private volatile string? _problem;
    private uint _last;

    /// <summary>Begins to listen at once.</summary>
    /// <param name="channel">hitlessd's end of the pair.</param>
    /// <param name="stateFolder">The state directory, below which a recipe's log is.</param>
    public ApplyClient(PacketChannel channel, string stateFolder)
    {
        _channel = channel;
        Log = new RecipeRunner(stateFolder).Log;
        new Thread(Listen) { Name = "hitless-apply", IsBackground = true }.Start();
        _ = WatchAsync();
    }

    /// <inheritdoc/>
    public string Log { get; }

    /// <summary>What is wrong with it now, in one line with what to do; null: nothing.</summary>
    public string? Problem => _problem;

    /// <inheritdoc/>
    public FileBefore Read(string path) =>
        Wait(new ApplyRequest.ReadFile(path)) is ApplyAnswer.File file
            ? new FileBefore(path, file.Content, file.Mode, file.Owner)
            : throw new ManagedFileException(path, $"cannot be read: {Away}");

    /// <inheritdoc/>
    public async Task WriteAsync(FileBefore wanted, TimeSpan timeMax) =>
        OrThrow(
            wanted.Path,
            await AskAsync(
                new ApplyRequest.WriteFile(wanted.Path, wanted.Content!, wanted.Mode, wanted.Owner),
                FileLimit + timeMax,
                CancellationToken.None
            )
        );

    /// <inheritdoc/>
    public void Delete(string path) => OrThrow(path, Wait(new ApplyRequest.DeleteFile(path)));

    /// <inheritdoc/>
    public void Propose(byte[] clusterFile)
    {
        if (_proposed is null || !_proposed.AsSpan().SequenceEqual(clusterFile))
        {
            _proposed = Wait(new ApplyRequest.Propose(clusterFile)) is ApplyAnswer.Done ? clusterFile : null;
        }
    }

    /// <inheritdoc/>
    public Task<CommandOutcome> RunAsync(FileCommand command, TimeSpan timeMax, CancellationToken cancel) =>
        RunAsync(new ApplyRequest.RunFileCommand(command, timeMax), timeMax + StopLimit, null, cancel);

    /// <inheritdoc/>
    public Task<CommandOutcome> RunAsync(RoleTask task, RoleChange change, Action<int> started, CancellationToken kill) =>
        RunAsync(new ApplyRequest.RunRoleTask(task, change), Timeout.InfiniteTimeSpan, started, kill);

    /// <inheritdoc/>
    public Task<CommandOutcome> ProbeAsync(string command, TimeSpan timeMax, CancellationToken cancel) =>
        RunAsync(new ApplyRequest.RunProbe(command, timeMax), timeMax + StopLimit, null, cancel);

    /// <inheritdoc/>
    public async Task<ConverterAnswer> AskAsync(
        ImageFile image,
        string hash,
        ConversionQuestion question,
        string? revision,
        CancellationToken cancel
    ) =>
        await AskAsync(new ApplyRequest.Convert(hash, revision), LocalConverter.DefaultTimeMax + TimeSpan.FromMinutes(1), cancel) switch
        {
            ApplyAnswer.Converted answer => answer.Said,
            ApplyAnswer.Refused refused => ConverterAnswer.NotAsked(refused.Why, "look at what hitless-apply logs"),
            _ => ConverterAnswer.NotAsked(Away, "hitless status says more"),
        };

    /// <inheritdoc/>
    public ImageProblem? Run(RecipeAct act, SystemRecipe recipe, Slot slot, bool unpacking) =>
        Wait(new ApplyRequest.RunRecipe(act, slot, unpacking), TimeSpan.FromSeconds(recipe.LimitSeconds) + FileLimit) switch
        {
            ApplyAnswer.Ended { Why: null } => null,
            ApplyAnswer.Ended ended => new ImageProblem(ImageFault.NotAllowed, ended.Why, ended.Output),
            ApplyAnswer.Refused refused => new ImageProblem(ImageFault.NotAllowed, refused.Why, "look at what hitless-apply logs"),
            _ => new ImageProblem(ImageFault.NotAllowed, $"the image's recipe was not followed: {Away}", "hitless status says more"),
        };

    /// <inheritdoc/>
    public void Dispose()
    {
        _ending.Cancel();
        _channel.Shutdown();
    }

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void OrThrow(string path, ApplyAnswer? answer)
    {
        if (answer is not ApplyAnswer.Done)
        {
            throw answer is ApplyAnswer.Refused refused
                ? new ManagedFileException(refused.Why)
                : new ManagedFileException(path, $"cannot be changed: {Away}");
        }
    }

    private async Task<CommandOutcome> RunAsync(ApplyRequest request, TimeSpan limit, Action<int>? started, CancellationToken cancel) =>
        await AskAsync(request, limit, cancel, started) switch
        {
            ApplyAnswer.Ended ended => new CommandOutcome(ended.Why, ended.Output),
            ApplyAnswer.Refused { Listed: false } refused => new CommandOutcome($"was refused: {refused.Why}", ""),
            ApplyAnswer.Refused refused => new CommandOutcome(refused.Why, "", Ran: false),
            _ when cancel.IsCancellationRequested => new CommandOutcome("was stopped", ""),
            _ => new CommandOutcome(Away, "", Ran: false),
        };

    /// <summary>Waits on this thread; null: no answer. A refusal of a file is thrown.</summary>
    private ApplyAnswer? Wait(ApplyRequest request, TimeSpan? limit = null)
    {
        var until = limit ?? FileLimit;
        var ready = _ready.Task;
        if (!ready.Wait(until) || Begin(request, ready.Result) is not { } pending)
        {
            return null;
        }

        var answered = pending.Answer.Task.Wait(until);
        End(pending, answered);
        var answer = answered ? pending.Answer.Task.Result : null;
        return answer is ApplyAnswer.Refused refused && request is ApplyRequest.ReadFile or ApplyRequest.DeleteFile
            ? throw new ManagedFileException(refused.Why)
            : answer;
    }

    private async Task<ApplyAnswer?> AskAsync(ApplyRequest request, TimeSpan limit, CancellationToken cancel, Action<int>? started = null)
    {
        try
        {
            var generation = await _ready.Task.WaitAsync(FileLimit, cancel);
            if (Begin(request, generation) is not { } pending)
            {
                return null;
            }

            try
            {
                if (started is not null && await Task.WhenAny(pending.Started.Task, pending.Answer.Task) == pending.Started.Task)
                {
                    started(pending.Started.Task.Result);
                }

                return await pending.Answer.Task.WaitAsync(limit, cancel);
            }
            catch (OperationCanceledException)
            {
                // It is killed there, and says how far it came.
                Send(pending.Id, new ApplyRequest.Stop(pending.Id));
                return await pending.Answer.Task.WaitAsync(StopLimit, CancellationToken.None);
            }
            finally
            {
                End(pending, pending.Answer.Task.IsCompleted);
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return null;
        }
    }

    private Pending? Begin(ApplyRequest request, byte generation)
    {
        var pending = new Pending(ApplyGeneration.IdOf(generation, Interlocked.Increment(ref _last)), New<ApplyAnswer?>(), New<int>());
        _pending[pending.Id] = pending;
        if (Send(pending.Id, request))
        {
            return pending;
        }

        End(pending, answered: true);
        return null;
    }

    private void End(Pending pending, bool answered)
    {
        _pending.TryRemove(pending.Id, out _);
        if (!answered)
        {
            Send(pending.Id, new ApplyRequest.Stop(pending.Id));
        }
    }

    private bool Send(RequestId id, ApplyRequest request)
    {
        var bytes = ApplyCodec.Encode(request);
        return bytes.Length <= ApplyPackets.MessageMaxBytes
            && ApplyPackets.Split(id, bytes).All(packet => _channel.TrySend(packet, SendLimit));
    }

    private void Listen()
    {
        var assembler = new PacketAssembler();
        var buffer = new byte[ApplyPackets.PacketMaxBytes];
        for (int length; (length = _channel.Receive(buffer)) > 0; )
        {
            if (
                assembler.TryTake(buffer.AsSpan(0, length), out var id, out var message)
                && ApplyCodec.TryRead(message, out ApplyAnswer? answer)
            )
            {
                Take(id, answer);
            }
        }

        _ready = New<byte>();
        FailAll();
        if (!_ending.IsCancellationRequested)
        {
            _problem =
                "hitless-apply has ended for good: managed files, hooks, services and commands of probes wait; restart hitlessd in "
                + "service: systemctl reload hitless";
        }
    }

    private void Take(RequestId id, ApplyAnswer answer)
    {
        switch (answer)
        {
            case ApplyAnswer.Ready:
                Renew(ApplyGeneration.Of(id));
                break;
            case ApplyAnswer.Started started when _pending.TryGetValue(id, out var running):
                running.Started.TrySetResult(started.Process);
                break;
            case ApplyAnswer.Started:
                break;
            default:
                if (_pending.TryGetValue(id, out var pending))
                {
                    pending.Answer.TrySetResult(answer);
                }

                break;
        }
    }

    /// <summary>Another process has taken over: whatever the one before was asked is lost, and what was proposed to it too.</summary>
    private void Renew(byte generation)
    {
        _proposed = null;
        var former = _ready;
        _ready = New<byte>();
        _ready.SetResult(generation);
        former.TrySetResult(generation);
        FailAll(but: generation);
    }

    // Who hears of a failure may ask the new one at once: that is no request of the former.
    private void FailAll(byte? but = null)
    {
        foreach (var pending in _pending.Values.Where(each => ApplyGeneration.Of(each.Id) != but))
        {
            pending.Answer.TrySetResult(null);
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(PingInterval, _ending.Token);
                var answers = await AskAsync(new ApplyRequest.Ping(), PingInterval, _ending.Token) is ApplyAnswer.Done;
                if (answers)
                {
                    _problem = null;
                }
                else if (_problem is null && !_ending.IsCancellationRequested)
                {
                    _problem =
                        $"{Away}: managed files, hooks, services and commands of probes wait; one that has ended is started again by "
                        + "itself, one that hangs is not: see what it logs, and end it by kill -9 $(pgrep -x hitless-apply)";
                }
            }
        }
        catch (OperationCanceledException)
        {
            // hitlessd ends.
        }
    }

    private sealed record Pending(RequestId Id, TaskCompletionSource<ApplyAnswer?> Answer, TaskCompletionSource<int> Started);
}
