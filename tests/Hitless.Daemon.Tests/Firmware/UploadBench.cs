using System.Security.Cryptography;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>A store that trusts a key of today, an image of a megabyte that it takes, and uploads into it.</summary>
internal sealed class UploadBench : IDisposable
{
    private readonly Workshop _workshop = new();

    public UploadBench()
    {
        var (key, certificate) = (_workshop.PathOf("today.key"), _workshop.PathOf("today.pem"));
        var now = DateTimeOffset.UtcNow;
        SigningKey.Generate("today", key, certificate, now.AddDays(-1), now.AddDays(1));
        Assert.True(TrustStore.TryRead(certificate, out var trust, out _));
        var folder = Directory.CreateDirectory(_workshop.PathOf("parts-1.1.0"));
        File.WriteAllBytes(Path.Combine(folder.FullName, "filler"), RandomNumberGenerator.GetBytes(1 << 20));
        using var signer = SigningKey.Read(key);
        Image = File.ReadAllBytes(_workshop.MakeImage("1.1.0", signer: signer));
        Store = new ImageStore(State, trust);
        Uploads = new ImageUploads(State, TimeProvider.System);
    }

    public string State => _workshop.State;

    public string Folder => Path.Combine(State, "uploads");

    public byte[] Image { get; }

    public ImageStore Store { get; }

    public ImageUploads Uploads { get; }

    public Task<UploadAnswer> ContinueAsync(string id, long offset, Stream content) =>
        Uploads.ContinueAsync(id, offset, content, Store, TestContext.Current.CancellationToken);

    public void Dispose() => _workshop.Dispose();
}
