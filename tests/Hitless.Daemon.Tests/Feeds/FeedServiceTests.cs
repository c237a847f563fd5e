using System.Text;
using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Signing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hitless.Daemon.Tests.Feeds;

public sealed class FeedServiceTests
{
    private static readonly FeedRequest Ask = new(Download: null);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_newer_is_shown_with_the_path_to_it_and_is_downloaded(bool byHttp)
    {
        await using var bench = new FeedBench();
        bench.Add("0.9.0");
        bench.Add("1.0.0");
        bench.Add("1.1.0", ">=1.0.0 <1.1.0", "older");
        bench.Add("2.0.0", ">=1.1.0 <2.0.0");
        bench.Add("3.0.0", ">=2.5.0 <3.0.0");
        bench.Sign();
        using var feed = byHttp ? await bench.ByHttpAsync() : bench.ByPath();

        var seen = await feed.CheckAsync(Ask, Cancel);
        Assert.Equal(
            ["3.0.0: ", "2.0.0: 1.1.0 2.0.0", "1.1.0: 1.1.0"],
            seen.Newer.Select(offer => $"{offer.Image.Version}: {string.Join(' ', offer.Path)}")
        );
        Assert.Equal(("1.0.0", "Maker", "What is new in 3.0.0"), (seen.Running, seen.SignedBy, seen.Newer[0].Image.ReleaseNotes));
        Assert.Empty(bench.Store.List());

        var got = await feed.CheckAsync(new FeedRequest(FeedRequest.Newest), Cancel);
        Assert.Equal(["1.1.0", "2.0.0"], got.Downloaded.Select(image => image.Version));
        Assert.Equal([false, true, true], got.Newer.Select(offer => offer.Stored));
        Assert.Equal(["1.1.0", "2.0.0"], bench.Store.List().Select(image => image.Version).Order());
    }

    [Fact]
    public async Task A_download_goes_on_where_it_was_cut()
    {
        await using var bench = new FeedBench();
        var image = File.ReadAllBytes(bench.Add("1.1.0"));
        bench.Sign();
        using var feed = await bench.ByHttpAsync();
        bench.Instead = async context =>
        {
            context.Response.ContentLength = image.Length;
            await context.Response.Body.WriteAsync(image.AsMemory(0, 300));
            await context.Response.Body.FlushAsync();
            await Task.Delay(100);
            context.Abort();
        };

        var cut = await Assert.ThrowsAsync<RefusedException>(() => feed.CheckAsync(new FeedRequest("1.1.0"), Cancel));
        Assert.Contains("hitless 1.1.0.hli: the image could not be stored", cut.Message);
        bench.Instead = null;
        bench.Asked.Clear();

        Assert.Equal("1.1.0", Assert.Single((await feed.CheckAsync(new FeedRequest("1.1.0"), Cancel)).Downloaded).Version);
        Assert.Contains("hitless 1.1.0.hli bytes=300-", bench.Asked);
    }

    [Fact]
    public async Task A_server_that_sends_something_else_or_without_end_fills_no_disk()
    {
        await using var bench = new FeedBench();
        var length = new FileInfo(bench.Add("1.1.0")).Length;
        bench.Sign();
        using var feed = await bench.ByHttpAsync();
        var sent = 0L;
        bench.Instead = async context =>
        {
            for (var piece = new byte[64 << 10]; sent < 100 << 20 && !context.RequestAborted.IsCancellationRequested; sent += piece.Length)
            {
                await context.Response.Body.WriteAsync(piece);
            }
        };

        await Assert.ThrowsAsync<RefusedException>(() => feed.CheckAsync(new FeedRequest("1.1.0"), Cancel));
        Assert.Empty(bench.Store.List());
        var kept = new DirectoryInfo(Path.Combine(bench.Shop.State, "images")).EnumerateFiles().Sum(file => file.Length);
        Assert.InRange(kept, 0, length);
    }

    [Theory]
    [InlineData("no feed", "this unit has no feed to ask")]
    [InlineData("absent", "hitless.feed is not there")]
    [InlineData("absent page", "cannot be read: ")]
    [InlineData("no server", "cannot be read: ")]
    [InlineData("changed", "the index of the feed is not what Maker signed: it has been changed")]
    [InlineData("stranger", "the index of the feed is signed by Other")]
    [InlineData("unsigned", "this file is no index of a feed")]
    [InlineData("cut", "the signature under the index of the feed is cut off")]
    [InlineData("garbage", "this file is no index of a feed")]
    [InlineData("expired", "the index of the feed has expired at 2030-06-01 12:00 UTC")]
    [InlineData("an image", "the index of the feed is malformed at $")]
    public async Task An_index_that_cannot_be_read_or_believed_says_why_and_nothing_is_downloaded(string kind, string expected)
    {
        await using var bench = new FeedBench();
        bench.Add("1.1.0");
        var index = bench.Sign(kind == "expired" ? TimeSpan.FromHours(12) : null);
        Damage(bench, kind, index);
        using var feed = kind switch
        {
            "no feed" => bench.Service(null),
            "absent page" => await bench.ByHttpAsync(),
            "no server" => bench.Service("http://127.0.0.1:1/hitless.feed"),
            _ => bench.ByPath(),
        };

        var refused = await Assert.ThrowsAsync<RefusedException>(() => feed.CheckAsync(new FeedRequest(FeedRequest.Newest), Cancel));

        Assert.Contains(expected, refused.Message);
        Assert.NotEmpty(refused.Remedy);
        Assert.Empty(bench.Store.List());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_had_arrived_of_it_and_is_longer_than_it_is_refused_and_forgotten(bool byHttp)
    {
        await using var bench = new FeedBench();
        var image = Workshop.Open(bench.Add("1.1.0"));
        var (hash, length) = (image.ComputeHash(), image.SizeBytes);
        image.Dispose();
        bench.Sign();
        Directory.CreateDirectory(Path.Combine(bench.Shop.State, "images"));
        File.WriteAllBytes(Path.Combine(bench.Shop.State, "images", hash + ".part"), new byte[length + 100]);
        using var feed = byHttp ? await bench.ByHttpAsync() : bench.ByPath();

        await Assert.ThrowsAsync<RefusedException>(() => feed.CheckAsync(new FeedRequest("1.1.0"), Cancel));

        Assert.Equal("1.1.0", Assert.Single((await feed.CheckAsync(new FeedRequest("1.1.0"), Cancel)).Downloaded).Version);
    }

    [Fact]
    public async Task Bytes_changed_at_random_are_never_believed()
    {
        await using var bench = new FeedBench();
        bench.Add("1.1.0");
        var good = bench.Sign();
        var random = new Random(106);
        for (var round = 0; round < 2000; round++)
        {
            var bad = good.AsSpan(0, random.Next(2) == 0 ? good.Length : random.Next(good.Length)).ToArray();
            for (var change = random.Next(3); change >= 0 && bad.Length > 0; change--)
            {
                bad[random.Next(bad.Length)] ^= (byte)random.Next(1, 256);
            }

            if (SignedIndex.TryRead(bad, bench.Shop.Trust, Workshop.Now, out var signed, out var problem))
            {
                // Behind the signature, or in the white space around it.
                Assert.Equal("1.1.0", Assert.Single(signed.Index.Images).Image.Version);
                continue;
            }

            Assert.NotEmpty(problem.Remedy);
        }
    }

    [Theory]
    [InlineData("1.2.0")]
    [InlineData("1.0.0")]
    [InlineData("newer than that")]
    public async Task A_version_that_the_feed_has_not_is_refused(string wanted)
    {
        await using var bench = new FeedBench();
        bench.Add("1.1.0");
        bench.Sign();
        using var feed = bench.ByPath();
        var refused = await Assert.ThrowsAsync<RefusedException>(() => feed.CheckAsync(new FeedRequest(wanted), Cancel));
        Assert.Contains(wanted, refused.Message);
    }

    [Fact]
    public async Task The_daily_look_says_what_is_newer_once_and_why_it_cannot_know()
    {
        await using var bench = new FeedBench();
        bench.Add("1.0.0");
        bench.Sign();
        using var feed = bench.ByPath();
        await feed.LookAsync(Cancel);
        Assert.Empty(await bench.ToldAsync());

        bench.Add("1.1.0");
        bench.Sign();
        await feed.LookAsync(Cancel);
        await feed.LookAsync(Cancel);
        Assert.StartsWith("1.1.0 is offered by /", Assert.Single(await bench.ToldAsync()), StringComparison.Ordinal);

        File.Delete(Path.Combine(bench.Folder, FeedBench.IndexName));
        await feed.LookAsync(Cancel);
        await feed.LookAsync(Cancel);
        var told = await bench.ToldAsync();
        Assert.Equal(2, told.Count);
        Assert.Contains(told, text => text.StartsWith("whether there is a newer version is not known: /", StringComparison.Ordinal));
    }

    private static void Damage(FeedBench bench, string kind, byte[] index)
    {
        var file = Path.Combine(bench.Folder, FeedBench.IndexName);
        var text = Encoding.UTF8.GetString(index);
        switch (kind)
        {
            case "absent" or "absent page":
                File.Delete(file);
                break;
            case "changed":
                File.WriteAllText(file, text.Replace("1.1.0", "1.2.0", StringComparison.Ordinal));
                break;
            case "stranger":
                var (other, _) = bench.Shop.MakeKey("Other");
                using (other)
                {
                    Assert.True(SignedIndex.TryRead(index, bench.Shop.Trust, Workshop.Now, out var signed, out _));
                    File.WriteAllBytes(file, SignedIndex.Sign(signed.Index, other));
                }

                break;
            case "unsigned":
                File.WriteAllText(file, text[..text.IndexOf("-----BEGIN", StringComparison.Ordinal)]);
                break;
            case "cut":
                File.WriteAllText(file, text[..^40]);
                break;
            case "garbage":
                File.WriteAllBytes(file, [0, 255, 1, 2, 3]);
                break;
            case "an image":
                var manifest = "{\"product\":\"hitless\"}"u8.ToArray();
                var pem = System.Security.Cryptography.PemEncoding.WriteString("CMS", ManifestSignature.Sign(manifest, bench.Shop.Signer));
                File.WriteAllText(file, $"{Encoding.UTF8.GetString(manifest)}\n{pem}\n");
                break;
        }
    }
}
