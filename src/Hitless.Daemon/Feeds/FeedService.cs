using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Firmware;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Http;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Feeds;

/// <summary>
/// Asks the feed of images what is newer than what runs here, and puts images into the unit's store when an operator wants it. Nothing is
/// installed by it: that is a run's.
/// </summary>
public sealed class FeedService : IDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromHours(24);
    private readonly string? _feed;
    private readonly FeedSource? _source;
    private readonly ImageStore _images;
    private readonly RunningFirmware _running;
    private readonly EventLog _events;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _turn = new(1);
    private string _said = "";

    /// <param name="feed"><c>upgrade.feed</c>; null: none is set.</param>
    /// <param name="images">The unit's store; its trust is the feed's, too.</param>
    /// <param name="running">What runs here.</param>
    /// <param name="events">Hears of newer images.</param>
    /// <param name="clock">Judges whether the index has expired.</param>
    public FeedService(string? feed, ImageStore images, RunningFirmware running, EventLog events, TimeProvider clock)
    {
        (_feed, _images, _running, _events, _clock) = (feed, images, running, events, clock);
        _source = feed is null ? null : new FeedSource(feed);
    }

    /// <summary>The path of the local API.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.Post("/v1/firmware/check", ApiJson.Default.FeedRequest, ApiJson.Default.FeedReport, CheckAsync);

    /// <summary>Asks the feed, and downloads what is wanted.</summary>
    /// <exception cref="RefusedException">No feed is set, it cannot be read or is not believed, or it has not what is wanted.</exception>
    public async Task<FeedReport> CheckAsync(FeedRequest request, CancellationToken cancel)
    {
        if (_source is null)
        {
            throw new RefusedException(
                "this unit has no feed to ask",
                "set upgrade.feed in unit.yaml, or for all units in cluster.yaml: the address or path of an index that "
                    + "hitless firmware index has made"
            );
        }

        await _turn.WaitAsync(cancel);
        try
        {
            var signed = await ReadAsync(_source, cancel);
            var downloaded = request.Download is { } wanted ? await DownloadAsync(_source, signed.Index, wanted, cancel) : [];
            return new FeedReport(
                _feed!,
                signed.SignedBy,
                signed.Index.IssuedAt,
                signed.Index.ExpiresAt,
                _running.Version.ToString(),
                Newer(signed.Index),
                downloaded
            );
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks once a day while this unit is primary, and says in an event what is newer, or why it cannot know.</summary>
    public async Task WatchAsync(ControlLoop control, CancellationToken cancel)
    {
        for (var wait = FirstLook; _source is not null; wait = BetweenLooks)
        {
            await Task.Delay(wait, _clock, cancel);
            if ((await control.ViewAsync()).Self.Role == UnitRole.Primary)
            {
                await LookAsync(cancel);
            }
        }
    }

    /// <summary>One look of <see cref="WatchAsync"/>. What was said before is not said again.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        var text = await NewsAsync(cancel);
        if (text.Length > 0 && text != _said)
        {
            _events.Add(EventKinds.Firmware, text);
        }

        _said = text;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        _turn.Dispose();
    }

    private async Task<string> NewsAsync(CancellationToken cancel)
    {
        try
        {
            return (await CheckAsync(new FeedRequest(null), cancel)).Newer is [{ Image: var newest }, ..]
                ? $"{newest.Version} is offered by {_feed}; {_running.Version} runs: hitless firmware check"
                : "";
        }
        catch (RefusedException e)
        {
            return $"whether there is a newer version is not known: {e.Message}; {e.Remedy}";
        }
    }

    private IReadOnlyList<FeedOffer> Newer(FeedIndex index) =>
        FeedRules.Newer(index, _running, _images.Look().Select(each => each.Hash).ToHashSet());

    private async Task<SignedIndex> ReadAsync(FeedSource source, CancellationToken cancel)
    {
        var file = await source.ReadIndexAsync(cancel);
        return SignedIndex.TryRead(file, _images.Trust, _clock.GetUtcNow(), out var signed, out var problem)
            ? signed
            : throw new RefusedException(new Refusal($"{problem.Error} ({_feed})", problem.Remedy));
    }

    private async Task<IReadOnlyList<ImageInfo>> DownloadAsync(FeedSource source, FeedIndex index, string wanted, CancellationToken cancel)
    {
        List<ImageInfo> downloaded = [];
        foreach (var offered in Wanted(index, wanted))
        {
            var hash = offered.Image.Hash;
            var (content, offset) = await source.OpenAsync(offered.File, _images.ReceivedBytes(hash), cancel);
            await using var _ = content;
            await using var limited = new LimitedStream(content, offered.Image.SizeBytes - offset);
            var put = await _images.PutAsync(limited, hash, offset, _clock.GetUtcNow(), cancel);
            downloaded.Add(
                put.Image ?? throw new RefusedException(new Refusal($"{offered.File}: {put.Problem!.Error}", put.Problem.Remedy))
            );
            _events.Add(EventKinds.Firmware, $"the image of {offered.Image.Version} was downloaded from {_feed}");
        }

        return downloaded;
    }

    private IReadOnlyList<OfferedImage> Wanted(FeedIndex index, string wanted)
    {
        var newer = Newer(index);
        if (wanted == FeedRequest.Newest)
        {
            return newer.Count == 0 ? []
                : newer.FirstOrDefault(offer => offer.Path.Count > 0) is { } newest ? FilesFor(index, newest.Image.Version)
                : throw new RefusedException(
                    $"no images of the feed lead from {_running.Version} to a newer version",
                    $"the newest, {newer[0].Image.Version}, can follow {string.Join(" or ", newer[0].Image.UpgradeFrom)}: ask who keeps "
                        + "the feed for the images in between"
                );
        }

        return FilesFor(index, wanted);
    }

    private IReadOnlyList<OfferedImage> FilesFor(FeedIndex index, string wanted) =>
        SemanticVersion.TryParse(wanted, out var version) && FeedRules.FilesFor(index, _running, version) is { Count: > 0 } files
            ? files
            : throw new RefusedException(
                $"the feed has no images that lead from {_running.Version} to {wanted}",
                "hitless firmware check shows what it has"
            );
}
