using System.Collections.Concurrent;
using System.Globalization;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Wire;
using Hitless.Daemon.Configuration;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Rights;

/// <summary>
/// hitless-apply at work: takes requests from the pair of sockets, looks whether this unit's configuration lists what is asked, and does
/// it. Files one after the other, in the order in which they were asked for; all else beside each other, each bounded in time.
/// <code>
/// packet -> message -> request -> refused, and logged | done -> answer
/// end of hitlessd -> what runs is killed, but for hooks, which the next hitlessd waits for -> end, with 0
/// </code>
/// </summary>
internal sealed class ApplyServer(PacketChannel channel, AllowList allowed, ApplyActs acts, byte generation, TextWriter log) : IDisposable
{
    /// <summary>The option of hitlessd that makes it one; the number of its generation follows.</summary>
    public const string Option = "--apply-worker";

    private const int RunningMax = 64;
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CommandTimeMax = LocalConfiguration.PhaseTimeMax;

    private readonly ConcurrentDictionary<RequestId, CancellationTokenSource> _running = [];
    private readonly CancellationTokenSource _ending = new();
    private Task _files = Task.CompletedTask;

    /// <summary>Works until hitlessd has ended.</summary>
    public void Run()
    {
        Send(ApplyGeneration.IdOf(generation, 0), new ApplyAnswer.Ready());
        var assembler = new PacketAssembler();
        var buffer = new byte[ApplyPackets.PacketMaxBytes];
        for (int length; (length = channel.Receive(buffer)) > 0; )
        {
            if (assembler.TryTake(buffer.AsSpan(0, length), out var id, out var message) && ApplyGeneration.Of(id) == generation)
            {
                Take(id, message);
            }
        }

        _ending.Cancel();
        for (var waited = TimeSpan.Zero; !_running.IsEmpty && waited < EndLimit; waited += TimeSpan.FromMilliseconds(20))
        {
            Thread.Sleep(20);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ending.Dispose();

    private void Take(RequestId id, byte[] message)
    {
        if (!ApplyCodec.TryRead(message, out ApplyRequest? request))
        {
            Answer(id, Refuse("a request that this version does not know"));
            return;
        }

        switch (request)
        {
            case ApplyRequest.Stop stop:
                if (_running.TryGetValue(stop.Request, out var running))
                {
                    running.Cancel();
                }

                break;
            case ApplyRequest.Ping:
                Answer(id, new ApplyAnswer.Done());
                break;
            case ApplyRequest.Propose proposed:
                foreach (var line in allowed.Propose(proposed.ClusterFile))
                {
                    Say(line);
                }

                Answer(id, new ApplyAnswer.Done());
                break;
            case ApplyRequest.ReadFile or ApplyRequest.WriteFile or ApplyRequest.DeleteFile:
                _files = AnswerAfterAsync(_files, id, request);
                break;
            default:
                Begin(id, request);
                break;
        }
    }

    private async Task AnswerAfterAsync(Task former, RequestId id, ApplyRequest request)
    {
        await former.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Answer(id, await Guarded(() => ActAsync(id, request, _ending.Token)));
    }

    private void Begin(RequestId id, ApplyRequest request)
    {
        var stop = new CancellationTokenSource();
        if (_running.Count >= RunningMax || !_running.TryAdd(id, stop))
        {
            stop.Dispose();
            Answer(id, new ApplyAnswer.Refused($"hitless-apply has {RunningMax} things to do already", Listed: true));
            return;
        }

        _ = Task.Run(async () =>
        {
            // A hook goes on when hitlessd restarts; the next one waits for it.
            using var both = CancellationTokenSource.CreateLinkedTokenSource(
                stop.Token,
                request is ApplyRequest.RunRoleTask or ApplyRequest.RunRecipe ? CancellationToken.None : _ending.Token
            );
            var answer = await Guarded(() => ActAsync(id, request, both.Token));
            _running.TryRemove(id, out _);
            stop.Dispose();
            Answer(id, answer);
        });
    }

    /// <summary>Nothing that one request does wrong ends the others.</summary>
    private async Task<ApplyAnswer> Guarded(Func<Task<ApplyAnswer>> act)
    {
        try
        {
            return await act();
        }
        catch (ManagedFileException e)
        {
            return new ApplyAnswer.Refused(e.Message, Listed: true);
        }
        catch (Exception e)
        {
            Say($"failed: {e}");
            return new ApplyAnswer.Refused($"hitless-apply failed: {e.Message}", Listed: true);
        }
    }

    private async Task<ApplyAnswer> ActAsync(RequestId id, ApplyRequest request, CancellationToken cancel) =>
        RefusalOf(request) is { } why
            ? Refuse(why)
            : request switch
            {
                ApplyRequest.ReadFile read => acts.Read(read.Path),
                ApplyRequest.WriteFile write => await acts.WriteAsync(write),
                ApplyRequest.DeleteFile delete => acts.Delete(delete.Path),
                ApplyRequest.RunFileCommand run => ApplyActs.Ended(await acts.Work.RunAsync(run.Command, Limit(run.Limit), cancel)),
                ApplyRequest.RunProbe probe => ApplyActs.Ended(await acts.Work.ProbeAsync(probe.Command, Limit(probe.Limit), cancel)),
                ApplyRequest.RunRoleTask task => ApplyActs.Ended(
                    await acts.Work.RunAsync(task.Task, task.Change, process => Answer(id, new ApplyAnswer.Started(process)), cancel)
                ),
                ApplyRequest.Convert convert => await acts.ConvertAsync(convert, cancel),
                ApplyRequest.RunRecipe recipe => acts.Run(recipe),
                _ => Refuse($"no such request: {request.GetType().Name}"),
            };

    private string? RefusalOf(ApplyRequest request) =>
        request switch
        {
            ApplyRequest.ReadFile each => allowed.Refuse(each.Path),
            ApplyRequest.WriteFile each => each.Content.Length > CommitRules.FileLengthMaxBytes
                ? $"a managed file is not larger than {CommitRules.FileLengthMaxBytes >> 20} MiB"
                : allowed.Refuse(each.Path),
            ApplyRequest.DeleteFile each => allowed.Refuse(each.Path),
            ApplyRequest.RunFileCommand each => allowed.Refuse(each.Command),
            ApplyRequest.RunProbe each => allowed.RefuseProbe(each.Command),
            ApplyRequest.RunRoleTask each => allowed.Refuse(each.Task),
            _ => null,
        };

    private static TimeSpan Limit(TimeSpan asked) => asked < CommandTimeMax ? asked : CommandTimeMax;

    /// <summary>Logged here, whatever becomes of it in hitlessd.</summary>
    private ApplyAnswer.Refused Refuse(string why)
    {
        Say($"refused: {why}");
        return new ApplyAnswer.Refused(why, Listed: false);
    }

    private void Say(string line) => log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hitless-apply: {line}"));

    private void Answer(RequestId id, ApplyAnswer answer) => Send(id, answer);

    private void Send(RequestId id, ApplyAnswer answer)
    {
        foreach (var packet in ApplyPackets.Split(id, ApplyCodec.Encode(answer)))
        {
            if (!channel.TrySend(packet, SendLimit))
            {
                return;
            }
        }
    }
}
