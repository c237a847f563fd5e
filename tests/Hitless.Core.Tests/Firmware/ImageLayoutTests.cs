using System.Text;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class ImageLayoutTests
{
    [Fact]
    public void What_was_written_is_read()
    {
        var image = SampleImage.Bytes();
        Assert.True(ImageLayout.TryRead(image, image.Length, out var layout, out _));
        Assert.Equal(SampleImage.Manifest.ToJson(), layout.Manifest.ToJson());
        Assert.Equal(SampleImage.Manifest.ToJson(), image[layout.ManifestBytes]);
        Assert.Equal("no signature, but bytes", Encoding.ASCII.GetString(image[layout.SignatureBytes]));
        Assert.Equal(image.Length - SampleImage.PayloadBytes, layout.PayloadOffset);
        Assert.Equal(0b111_101_101, layout.Manifest.Files[0].ModeBits);
    }

    [Fact]
    public void An_image_truncated_at_any_byte_says_so_and_where()
    {
        var image = SampleImage.Bytes();
        for (var length = 1; length < image.Length; length++)
        {
            Assert.False(ImageLayout.TryRead(image.AsSpan(0, length), length, out _, out var problem));
            Assert.Equal(ImageFault.Truncated, problem.Fault);
            Assert.Contains($"at byte {length}:", problem.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_after_the_end_are_refused()
    {
        var image = SampleImage.Bytes();
        Assert.Equal(ImageFault.TrailingBytes, Fault([.. image, 0]));
    }

    [Fact]
    public void Another_file_is_not_an_image()
    {
        Assert.Equal(ImageFault.NotAnImage, Fault("#!/bin/sh\n"u8.ToArray()));
        Assert.Equal(ImageFault.NotAnImage, Fault([]));
    }

    [Theory]
    [InlineData("\"version\": \"1.1.0\"", "\"version\": \"1.1\"", "$.version")]
    [InlineData("\"version\": \"1.1.0\",", "", "version")]
    [InlineData("\"hitlessd\",\n      \"sha256\"", "\"../hitlessd\",\n      \"sha256\"", "$.files[0]")]
    [InlineData("share/notes.txt", "/etc/notes.txt", "$.files[1]")]
    [InlineData("share/notes.txt", "manifest.json", "$.files[1]")]
    [InlineData("share/notes.txt", "hitlessd", "$.files[1]")]
    [InlineData("\"0755\"", "\"0644\"", "$.entryPoint")]
    [InlineData("\"0755\"", "\"4755\"", "$.files[0]")]
    [InlineData("\"size\": 10,", "\"size\": -1,", "$.files[0]")]
    [InlineData("\"size\": 10,", "\"size\": 9223372036854775807,", "$.files[0]")]
    [InlineData("\"min\": \"1.0\"", "\"min\": \"1.9\"", "$.wire")]
    [InlineData("\"restart\"", "\"explode\"", "$.activation")]
    public void A_malformed_manifest_is_refused_with_the_place(string what, string with, string place)
    {
        var json = Encoding.UTF8.GetString(SampleImage.Manifest.ToJson());
        var changed = json.Replace(what, with, StringComparison.Ordinal);
        var image = SampleImage.With(Encoding.UTF8.GetBytes(changed));
        Assert.NotEqual(json, changed);
        Assert.False(ImageLayout.TryRead(image, image.Length, out _, out var problem));
        Assert.Equal(ImageFault.ManifestMalformed, problem.Fault);
        Assert.Contains(place, problem.Error, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Remedy);
    }

    [Fact]
    public void Unknown_fields_of_a_newer_builder_are_skipped()
    {
        var json = Encoding
            .UTF8.GetString(SampleImage.Manifest.ToJson())
            .Replace("\"product\"", "\"mood\": {\"x\": [1]}, \"product\"", StringComparison.Ordinal);
        var image = SampleImage.With(Encoding.UTF8.GetBytes(json));
        Assert.True(ImageLayout.TryRead(image, image.Length, out var layout, out _));
        Assert.Equal("hitless", layout.Manifest.Product);
    }

    [Fact]
    public void Random_and_mutated_images_never_throw()
    {
        var random = new Random(8417);
        var valid = SampleImage.Bytes();
        for (var i = 0; i < 40_000; i++)
        {
            byte[] bytes;
            if (i % 4 == 0)
            {
                bytes = new byte[random.Next(64)];
                random.NextBytes(bytes);
                ImageLayout.Magic[..Math.Min(8, bytes.Length)].CopyTo(bytes);
            }
            else
            {
                bytes = valid.ToArray();
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length - SampleImage.PayloadBytes)] = (byte)random.Next(256);
                }
            }

            var read = ImageLayout.TryRead(bytes, bytes.Length, out var layout, out var problem);
            Assert.True(read ? layout is not null : problem is { Error.Length: > 0, Remedy.Length: > 0 });
        }
    }

    private static ImageFault Fault(byte[] image) =>
        ImageLayout.TryRead(image, image.Length, out _, out var problem) ? default : problem.Fault;
}
