using System.Text;
using System.Text.Json.Nodes;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class FeedIndexTests
{
    private static readonly DateTimeOffset Issued = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_written_is_read()
    {
        var index = Index(Offer("1.1.0"), Offer("1.2.0-rc.1", file: "testing/x.hli"));
        Assert.True(FeedIndex.TryRead(index.ToJson(), out var read, out var problem), problem?.Error);
        Assert.Equal(index.ToJson(), read.ToJson());
    }

    [Theory]
    [InlineData("file", "../secret", "$.images[0]: expected the path")]
    [InlineData("file", "/etc/shadow", "$.images[0]: expected the path")]
    [InlineData("file", "", "$.images[0]: expected the path")]
    [InlineData("file", "a//b", "$.images[0]: expected the path")]
    [InlineData("image.hash", "ABC", "$.images[0]: expected a SHA-256")]
    [InlineData("image.version", "1.1", "$.images[0]: expected a version")]
    [InlineData("image.sizeBytes", -1, "$.images[0]: expected the size")]
    [InlineData("image.sizeBytes", long.MaxValue, "$.images[0]: expected the size")]
    [InlineData("image.sizeBytes", "many", "$.images[0].image.sizeBytes")]
    [InlineData("image.upgradeFrom", null, "$.images[0].image")]
    [InlineData("image.platform", null, "$.images[0].image")]
    [InlineData("image", null, "$.images[0]")]
    public void A_field_that_makes_no_sense_is_named(string field, object? value, string expected)
    {
        var json = JsonNode.Parse(Index(Offer("1.1.0")).ToJson())!;
        var holder = json["images"]![0]!.AsObject();
        if (field.StartsWith("image.", StringComparison.Ordinal))
        {
            (holder, field) = (holder["image"]!.AsObject(), field["image.".Length..]);
        }

        holder[field] = value is null ? null : JsonValue.Create(value);
        Refuses(json.ToJsonString(), expected);
    }

    [Theory]
    [InlineData("null", "$: expected an object")]
    [InlineData("{}", "$")]
    [InlineData("[", "$")]
    [InlineData(
        "{\"issuedAt\":\"2030-01-01T00:00:00Z\",\"expiresAt\":\"2031-01-01T00:00:00Z\",\"images\":[null]}",
        "$.images[0]: expected"
    )]
    [InlineData("{\"issuedAt\":\"2030-01-01T00:00:00Z\",\"expiresAt\":\"never\",\"images\":[]}", "$.expiresAt")]
    public void What_is_no_index_is_refused(string json, string expected) => Refuses(json, expected);

    [Fact]
    public void More_images_than_a_feed_has_are_refused() =>
        Refuses(
            Encoding.UTF8.GetString(Index([.. Enumerable.Repeat(Offer("1.1.0"), FeedIndex.ImagesMax + 1)]).ToJson()),
            "$.images: expected at most 1000"
        );

    [Fact]
    public void It_is_believed_until_it_expires()
    {
        var index = Index(Offer("1.1.0"));
        Assert.Null(index.WhyTooOld(index.ExpiresAt.AddSeconds(-1)));
        Assert.Contains("has expired at 2030-04-01", index.WhyTooOld(index.ExpiresAt)?.Error);
    }

    [Fact]
    public void Bytes_changed_at_random_are_read_or_refused()
    {
        var random = new Random(20);
        var good = Index(Offer("1.1.0"), Offer("1.2.0")).ToJson();
        for (var round = 0; round < 20_000; round++)
        {
            var bad = good.AsSpan(0, random.Next(good.Length / 2, good.Length)).ToArray();
            for (var change = random.Next(4); change >= 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            if (!FeedIndex.TryRead(round % 2 == 0 ? bad : [.. bad, .. good.AsSpan(bad.Length)], out _, out var problem))
            {
                Assert.NotEmpty(problem.Error);
            }
        }
    }

    private static void Refuses(string json, string expected)
    {
        Assert.False(FeedIndex.TryRead(Encoding.UTF8.GetBytes(json), out _, out var problem));
        Assert.StartsWith($"the index of the feed is malformed at {expected}", problem.Error, StringComparison.Ordinal);
    }

    private static FeedIndex Index(params OfferedImage[] images) => new(Issued, Issued.AddDays(90), images);

    private static OfferedImage Offer(string version, string? file = null) =>
        new(
            file ?? $"hitless-{version}.hli",
            new ImageInfo(new string('a', 64), "hitless", version, "linux-x64", 1000, "restart", "Maker", "", ["*"], "1.0-1.3")
        );
}
