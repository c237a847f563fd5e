using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Daemon.Common;
using Hitless.Daemon.Feeds;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hitless.Daemon.Tests.Feeds;

/// <summary>A folder with images and their index, on a web server too, and a unit that runs 1.0.0 and asks it.</summary>
internal sealed class FeedBench : IAsyncDisposable
{
    public const string IndexName = "hitless.feed";
    private readonly WebApplication _server;

    public FeedBench()
    {
        Directory.CreateDirectory(Folder);
        Events = new EventLog(Shop.State, "gw1");
        Store = new ImageStore(Shop.State, Shop.Trust);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Urls.Add("http://127.0.0.1:0");
        _server.Run(AnswerAsync);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Workshop Shop { get; } = new();

    public EventLog Events { get; }

    public ImageStore Store { get; }

    public string Folder => Shop.PathOf("feed");

    /// <summary>What was asked for, with the range of bytes.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>What the server does instead of sending the file.</summary>
    public RequestDelegate? Instead { get; set; }

    /// <summary>Puts an image into the feed; its index is made anew (<see cref="Sign"/>).</summary>
    public string Add(string version, string from = "*", string folder = "")
    {
        Assert.True(VersionRange.TryParse(from, out var range));
        var parts = Shop.PathOf("parts-" + version);
        Directory.CreateDirectory(parts);
        Workshop.WriteScript(Path.Combine(parts, "hitlessd"), "exit 0");
        var image = Path.Combine(Folder, folder, $"hitless {version}.hli");
        Directory.CreateDirectory(Path.GetDirectoryName(image)!);
        var options = Workshop.Options(version) with { UpgradeFrom = [range], ReleaseNotes = $"What is new in {version}" };
        Assert.True(ImageBuilder.TryBuild(parts, options, Shop.Signer, image, out _, out var problem), problem?.Error);
        return image;
    }

    /// <summary>The index of what lies in the folder, as <c>hitless firmware index</c> makes it.</summary>
    public byte[] Sign(TimeSpan? believed = null)
    {
        var offered = Directory
            .EnumerateFiles(Folder, "*.hli", SearchOption.AllDirectories)
            .Select(path =>
            {
                using var image = Workshop.Open(path);
                return new OfferedImage(Path.GetRelativePath(Folder, path), image.Describe(image.ComputeHash()));
            });
        var file = SignedIndex.Sign(
            new FeedIndex(Workshop.Now, Workshop.Now + (believed ?? TimeSpan.FromDays(90)), [.. offered]),
            Shop.Signer
        );
        File.WriteAllBytes(Path.Combine(Folder, IndexName), file);
        return file;
    }

    /// <summary>A unit whose feed is the folder.</summary>
    public FeedService ByPath() => Service(Path.Combine(Folder, IndexName));

    /// <summary>A unit whose feed is the server.</summary>
    public async Task<FeedService> ByHttpAsync()
    {
        await _server.StartAsync(Cancel);
        return Service($"{_server.Urls.Single()}/releases/{IndexName}");
    }

    public FeedService Service(string? feed) =>
        new(
            feed,
            Store,
            new RunningFirmware(new SemanticVersion(1, 0, 0), "linux-x64", new ProtocolRange(new(1, 0), new(1, 1)), 1),
            Events,
            new Clock()
        );

    /// <summary>The texts of the unit's events until now. They are written behind who adds them: a last one is waited for.</summary>
    public async Task<IReadOnlyList<string>> ToldAsync()
    {
        var mark = $"mark {Guid.NewGuid()}";
        Events.Add(EventKinds.Unit, mark);
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            string[] texts = [.. (await Events.LastAsync(null, 50, Cancel)).Select(each => each.Text)];
            if (texts.Contains(mark))
            {
                return [.. texts.Where(text => !text.StartsWith("mark ", StringComparison.Ordinal))];
            }

            await Task.Delay(10, Cancel);
        }

        Assert.Fail("the last event was not written within 10 s");
        return [];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Events.Dispose();
        Shop.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var path = Uri.UnescapeDataString(context.Request.Path.Value!);
        Asked.Add($"{Path.GetFileName(path)} {context.Request.Headers.Range}".TrimEnd());
        if (Instead is { } instead && path.EndsWith(".hli", StringComparison.Ordinal))
        {
            return instead(context);
        }

        var file = Path.Combine(Folder, path["/releases/".Length..]);
        return File.Exists(file)
            ? Results.File(file, enableRangeProcessing: true).ExecuteAsync(context)
            : Results.StatusCode((int)HttpStatusCode.NotFound).ExecuteAsync(context);
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Workshop.Now.AddDays(1);
    }
}
