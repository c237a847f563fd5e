using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Api;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Files;

namespace Hitless.Daemon;

/// <content>Images and runs.</content>
public sealed partial class Unit
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(150);

    /// <inheritdoc/>
    public async Task<ImageInfo> UploadImageAsync(Stream source, CancellationToken cancel)
    {
        var put = await images.PutAsync(source, null, 0, DateTimeOffset.UtcNow, cancel);
        return put.Image ?? throw new RefusedException(put.Problem!.Error, put.Problem.Remedy);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageInfo>> ImagesAsync(CancellationToken cancel) => Task.FromResult(images.List());

    /// <inheritdoc/>
    public Task<UpgradeCheck> CheckUpgradeAsync(UpgradeRequest request, CancellationToken cancel) => readiness.CheckAsync(request.Image, duringRun: false, cancel);

    /// <inheritdoc/>
    public async Task<UpgradePlan> PlanUpgradeAsync(UpgradeRequest request, CancellationToken cancel)
    {
        var header = await HeaderAsync(request, cancel);
        var view = await control.ViewAsync();
        return RunPlan.Describe(header, settings.Upgrade.UptimeMargin, view.Units.Any(u => u.Override), settings.Upgrade.Soak + TimeSpan.FromSeconds(30));
    }

    /// <inheritdoc/>
    public async Task<RunStatus> StartUpgradeAsync(UpgradeRequest request, CancellationToken cancel)
    {
        var primary = PrimaryOf(await control.ViewAsync());
        if (primary.Name != Name)
        {
            return await ForwardAsync(primary.Name, UpgradeCalls.Start, new ForwardedStart(request, Name), cancel);
        }

        var check = await CheckUpgradeAsync(request, cancel);
        if (check.Checks.FirstOrDefault(c => c.Result == "fail") is { } failed)
        {
            throw new RefusedException($"{failed.Id}: {failed.Text}", failed.Remedy ?? "hitless upgrade check tells more");
        }

        var header = await HeaderAsync(request, cancel);
        engine.Start(header);
        while (journals.Read(header.Run).Count == 0)
        {
            await Task.Delay(LookAgain, cancel);
        }

        return RunNow()!;
    }

    /// <inheritdoc/>
    public Task<RunStatus?> RunAsync(CancellationToken cancel) => Task.FromResult(RunNow());

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunStatus> WatchRunAsync(string? run, [EnumeratorCancellation] CancellationToken cancel)
    {
        var name = run ?? (journals.Runs() is [.., var last] ? last : throw new RefusedException("there was no run yet", "hitless upgrade start IMAGE begins one"));
        var shown = (Count: 0, Waiting: false);
        while (true)
        {
            var journal = journals.Read(name);
            if (journal.Count == 0)
            {
                throw new RefusedException($"there is no run \"{name}\"", "hitless upgrade report lists the last one");
            }

            if ((journal.Count, engine.Waiting) != shown)
            {
                shown = (journal.Count, engine.Waiting);
                yield return RunView.Status(journal, engine.Waiting, DateTimeOffset.UtcNow);
            }

            if (!RunJournal.IsOpen(journal))
            {
                yield break;
            }

            await Task.Delay(LookAgain, cancel);
        }
    }

    /// <inheritdoc/>
    public Task<RunStatus> OpenGateAsync(CancellationToken cancel) => CommandAsync(RunCommand.Next, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> PauseRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Pause, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> ResumeRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Resume, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> AbortRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Rollback, cancel);

    /// <inheritdoc/>
    public Task<RunStatus> RollBackRunAsync(CancellationToken cancel) => CommandAsync(RunCommand.Rollback, cancel);

    /// <inheritdoc/>
    public async Task<RunReport> RunReportAsync(string? run, CancellationToken cancel)
    {
        var name = run ?? (journals.Runs() is [.., var last] ? last : throw new RefusedException("there was no run yet", "hitless upgrade start IMAGE begins one"));
        var journal = journals.Read(name);
        if (journal.Count == 0)
        {
            throw new RefusedException($"there is no run \"{name}\"", $"the runs are {string.Join(", ", journals.Runs())}");
        }

        var archived = ReportPath(name);
        return File.Exists(archived)
            ? JsonSerializer.Deserialize(await File.ReadAllBytesAsync(archived, cancel), UpgradeJson.Default.RunReport)!
            : RunView.Report(journal, await UnitsNowAsync(journal, cancel));
    }

    private async Task<RunStatus> CommandAsync(RunCommand word, CancellationToken cancel)
    {
        if (!RunJournal.IsOpen(journals.Last()))
        {
            throw new RefusedException("no run is open", "hitless upgrade start IMAGE begins one");
        }

        var primary = PrimaryOf(await control.ViewAsync());
        if (primary.Name != Name)
        {
            return await ForwardAsync(primary.Name, UpgradeCalls.Command, word, cancel);
        }

        engine.Command(word);
        return RunNow()!;
    }

    private async Task<RunHeader> HeaderAsync(UpgradeRequest request, CancellationToken cancel)
    {
        if (!images.TryFind(request.Image, out var hash, out _, out var problem))
        {
            throw new RefusedException(problem!.Error, problem.Remedy);
        }

        var image = images.List().First(i => i.Hash == hash);
        var status = await StatusAsync(cancel);
        var members = status.Units.Select(u => new RunMember(u.Name, u.Version, u.Slot, u.Priority)).ToArray();
        return new RunHeader(
            DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture),
            hash,
            BuildVersion.Text,
            image.Version,
            request.Guided,
            request.KeepPrimary,
            status.Primary ?? Name,
            members,
            DateTimeOffset.UtcNow,
            (long)settings.Upgrade.Soak.TotalMilliseconds,
            (long)settings.Upgrade.RejoinTimeout.TotalMilliseconds);
    }

    private RunStatus? RunNow() => journals.Last() is { Count: > 0 } journal ? RunView.Status(journal, engine.Waiting, DateTimeOffset.UtcNow) : null;

    /// <summary>The run has ended and its journal is whole here: the report is kept on every unit.</summary>
    private void ArchiveReport(IReadOnlyList<JournalEntry> journal) => _ = Task.Run(async () =>
    {
        var path = ReportPath(journal[0].Run);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var report = RunView.Report(journal, await UnitsNowAsync(journal, CancellationToken.None));
            DurableFile.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(report, UpgradeJson.Default.RunReport));
        }
    });

    private async Task<IReadOnlyList<ReportUnit>> UnitsNowAsync(IReadOnlyList<JournalEntry> journal, CancellationToken cancel)
    {
        var now = (await StatusAsync(cancel)).Units.ToDictionary(u => u.Name, StringComparer.Ordinal);
        return [.. journal[0].Header!.Members.Select(m => now.TryGetValue(m.Name, out var u)
            ? new ReportUnit(m.Name, m.Version, u.Version, m.Slot, u.Slot)
            : new ReportUnit(m.Name, m.Version, "", m.Slot, ""))];
    }

    private string ReportPath(string run) => Path.Combine(stateFolder, "reports", run + ".json");

    private void MapPeerCalls()
    {
        peerServer.Map(UpgradeCalls.PutJournal, (document, _) =>
        {
            engine.Receive(document.Entries);
            return Task.FromResult(new StepAnswer(null));
        });
        peerServer.Map(UpgradeCalls.GetJournal, (_, _) => Task.FromResult(new JournalDocument(journals.Last())));
        peerServer.Map(UpgradeCalls.Step, steps.TakeAsync);
        peerServer.Map(UpgradeCalls.PutSnapshot, (snapshot, _) =>
        {
            acts.Keep(snapshot);
            return Task.FromResult(new StepAnswer(null));
        });
        peerServer.Map(UpgradeCalls.Start, async (forwarded, cancel) =>
        {
            if (!images.TryFind(forwarded.Request.Image, out _, out _, out _))
            {
                await steps.TakeAsync(new StepRequest(RunStep.Copy, "", forwarded.Request.Image, "", forwarded.From), cancel);
            }

            return await StartUpgradeAsync(forwarded.Request, cancel);
        });
        peerServer.Map(UpgradeCalls.Command, CommandAsync);
        peerServer.Map(UpgradeCalls.SwitchOver, SwitchOverAsync);
        peerServer.Map(UpgradeCalls.Status, async (_, _) => await OwnStatusAsync(await control.ViewAsync()));
        peerServer.MapContent(UpgradeCalls.ImageContent, (hash, _) => images.TryFind(hash, out var whole, out var path, out var problem) && whole == hash
            ? Task.FromResult<Stream>(File.OpenRead(path))
            : throw new RefusedException(problem?.Error ?? $"no image {hash}", problem?.Remedy ?? "hitless firmware list"));
        MapSessionCalls();
        MapConfigurationCalls();
    }
}
