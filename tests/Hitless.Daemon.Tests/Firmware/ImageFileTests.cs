using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class ImageFileTests : IDisposable
{
    private readonly Workshop workshop = new();

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void A_signed_image_verifies_and_names_its_signer()
    {
        using var image = Workshop.Open(workshop.MakeImage("1.1.0"));
        Assert.Null(image.Verify(workshop.Trust, Workshop.Now));
        Assert.Equal("Maker", image.SignerName);
        Assert.Equal(["hitlessd", "share/notes.txt"], image.Manifest.Files.Select(file => file.Path));
        Assert.Equal(["0755", "0644"], image.Manifest.Files.Select(file => file.Mode));
    }

    [Fact]
    public void The_same_files_make_the_same_manifest_and_payload()
    {
        using var first = Workshop.Open(workshop.MakeImage("1.1.0"));
        var json = first.Manifest.ToJson();
        first.Dispose();
        using var second = Workshop.Open(workshop.MakeImage("1.1.0"));
        Assert.Equal(json, second.Manifest.ToJson());
    }

    [Fact]
    public void The_smallest_image_is_smaller_and_holds_the_same()
    {
        var folder = workshop.PathOf("parts-small");
        Directory.CreateDirectory(folder);
        Workshop.WriteScript(Path.Combine(folder, "hitlessd"), "exit 0");
        // As programs are: much that comes again, a little different each time.
        var words = new Random(1);
        File.WriteAllLines(
            Path.Combine(folder, "words"),
            Enumerable.Range(0, 20_000).Select(_ => $"mov r{words.Next(16)}, [{words.Next(300)}]")
        );
        var (quick, quickSize) = Build(smallest: false);
        var (small, smallSize) = Build(smallest: true);
        Assert.Equal(quick, small);
        Assert.InRange(smallSize, 1, quickSize - 1);

        (List<string> Files, long Size) Build(bool smallest)
        {
            var image = workshop.PathOf($"smallest-{smallest}.hli");
            var options = Workshop.Options("1.1.0") with { Smallest = smallest };
            Assert.True(ImageBuilder.TryBuild(folder, options, workshop.Signer, image, out _, out _));
            using var opened = Workshop.Open(image);
            var unpacked = workshop.PathOf($"unpacked-{smallest}");
            Assert.Null(ImageExtractor.Extract(opened, unpacked));
            string[] parts = ["hitlessd", "words"];
            return ([.. parts.Select(part => File.ReadAllText(Path.Combine(unpacked, part)))], new FileInfo(image).Length);
        }
    }

    [Fact]
    public void A_changed_byte_anywhere_is_noticed()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        Assert.True(ImageLayout.TryRead(bytes, bytes.Length, out var layout, out _));
        var versionAt = bytes.AsSpan().IndexOf("\"1.1.0\""u8) + 3;
        foreach (
            var (at, expected) in new[]
            {
                (versionAt, ImageFault.Tampered),
                (layout.SignatureBytes.End.Value - 1, ImageFault.Tampered),
                (layout.SignatureBytes.Start.Value, ImageFault.SignatureMalformed),
                ((int)layout.PayloadOffset, ImageFault.Tampered),
                (bytes.Length - 1, ImageFault.Tampered),
            }
        )
        {
            var changed = bytes.ToArray();
            changed[at] ^= 1;
            Assert.Equal(expected, VerifyFault(changed));
        }
    }

    [Fact]
    public void An_image_truncated_at_each_boundary_says_so()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        Assert.True(ImageLayout.TryRead(bytes, bytes.Length, out var layout, out _));
        int[] boundaries =
        [
            8,
            12,
            layout.ManifestBytes.End.Value,
            layout.SignatureBytes.Start.Value,
            layout.SignatureBytes.End.Value,
            bytes.Length,
        ];
        foreach (var length in boundaries.SelectMany(boundary => new[] { boundary - 1, boundary }).Where(length => length < bytes.Length))
        {
            Assert.Equal(ImageFault.Truncated, OpenFault(bytes[..length]));
        }
    }

    [Fact]
    public void An_unsigned_image_is_refused()
    {
        using var image = Workshop.Open(workshop.MakeImage("1.1.0", signed: false));
        Assert.Equal(ImageFault.Unsigned, image.Verify(workshop.Trust, Workshop.Now)!.Fault);
        Assert.Null(image.SignerName);
    }

    [Fact]
    public void A_stranger_is_named_and_refused()
    {
        var (mallory, _) = workshop.MakeKey("Mallory");
        using var image = Workshop.Open(workshop.MakeImage("1.1.0", signer: mallory));
        var problem = image.Verify(workshop.Trust, Workshop.Now)!;
        Assert.Equal(ImageFault.Stranger, problem.Fault);
        Assert.Contains("signed by Mallory", problem.Error, StringComparison.Ordinal);
        Assert.Contains("it trusts Maker", problem.Error, StringComparison.Ordinal);
        mallory.Dispose();
    }

    [Fact]
    public void A_certificate_counts_only_within_its_time()
    {
        using var image = Workshop.Open(workshop.MakeImage("1.1.0"));
        var expired = image.Verify(workshop.Trust, Workshop.Now.AddYears(1))!;
        Assert.Equal(ImageFault.Expired, expired.Fault);
        Assert.Contains("expired at 2030-12-01", expired.Error, StringComparison.Ordinal);
        var early = image.Verify(workshop.Trust, Workshop.Now.AddYears(-1))!;
        Assert.Equal(ImageFault.Expired, early.Fault);
        Assert.Contains("set the unit's clock", early.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signer_that_a_trusted_authority_issued_is_trusted_for_code_only()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var authority = request.CreateSelfSigned(Workshop.Now.AddYears(-1), Workshop.Now.AddYears(1));
        File.WriteAllText(workshop.PathOf("authority.pem"), authority.ExportCertificatePem());
        Assert.True(TrustStore.TryRead(workshop.PathOf("authority.pem"), out var trust, out _));

        using var coder = Issue(authority, "1.3.6.1.5.5.7.3.3");
        using (var image = Workshop.Open(workshop.MakeImage("1.1.0", signer: coder)))
        {
            Assert.Null(image.Verify(trust, Workshop.Now));
            Assert.Equal(ImageFault.Expired, image.Verify(trust, Workshop.Now.AddMonths(7))!.Fault);
        }

        using var webServer = Issue(authority, "1.3.6.1.5.5.7.3.1");
        using (var image = Workshop.Open(workshop.MakeImage("1.1.0", signer: webServer)))
        {
            Assert.Equal(ImageFault.Stranger, image.Verify(trust, Workshop.Now)!.Fault);
        }
    }

    [Fact]
    public void What_its_issuer_has_revoked_signs_no_more()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var authority = request.CreateSelfSigned(Workshop.Now.AddYears(-1), Workshop.Now.AddYears(1));
        using var coder = Issue(authority, "1.3.6.1.5.5.7.3.3");
        using var image = Workshop.Open(workshop.MakeImage("1.1.0", signer: coder));

        Assert.Null(image.Verify(TrustWith(authority, [9, 9]), Workshop.Now));
        var problem = image.Verify(TrustWith(authority, [9, 9], coder.SerialNumberBytes.ToArray()), Workshop.Now)!;
        Assert.Equal(ImageFault.Revoked, problem.Fault);
        Assert.Contains("Issued (serial 01020304) was revoked", problem.Error, StringComparison.Ordinal);

        var file = workshop.PathOf("broken.pem");
        File.WriteAllText(file, authority.ExportCertificatePem() + "\n-----BEGIN X509 CRL-----\nMAMBAf8=\n-----END X509 CRL-----\n");
        Assert.False(TrustStore.TryRead(file, out _, out var broken));
        Assert.Contains("revocation list", broken!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_over_other_content_that_it_carries_itself_does_not_count()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        Assert.True(ImageLayout.TryRead(bytes, bytes.Length, out var layout, out _));
        var cms = new SignedCms(new ContentInfo("something else that Maker signed"u8.ToArray()), detached: false);
        cms.ComputeSignature(new CmsSigner(workshop.Signer));
        byte[] forged = [.. ImageLayout.Header(bytes[layout.ManifestBytes], cms.Encode()), .. bytes[(int)layout.PayloadOffset..]];
        Assert.Equal(ImageFault.Tampered, VerifyFault(forged));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_signature_changed_at_random_is_refused_and_breaks_nothing(int seed)
    {
        var random = new Random(seed);
        byte[] content = [.. "{}"u8];
        var good = ManifestSignature.Sign(content, workshop.Signer);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bad = good.AsSpan(0, random.Next(4) > 0 ? good.Length : random.Next(good.Length)).ToArray();
            for (var change = random.Next(3); change >= 0 && bad.Length > 0; change--)
            {
                bad[random.Next(bad.Length)] ^= (byte)random.Next(1, 256);
            }

            // A few bytes of a signature are looked at by nobody.
            refused += ManifestSignature.Verify(content, bad, workshop.Trust, Workshop.Now) is null ? 0 : 1;
            _ = ManifestSignature.SignerName(bad);
        }

        Assert.InRange(refused, 2900, 3000);
    }

    [Fact]
    public void What_is_no_trust_file_is_named()
    {
        File.WriteAllText(workshop.PathOf("empty.pem"), "nothing");
        Assert.False(TrustStore.TryRead(workshop.PathOf("empty.pem"), out _, out var empty));
        Assert.Contains("holds no PEM certificate", empty!.Error, StringComparison.Ordinal);
        Assert.False(TrustStore.TryRead(workshop.PathOf("nowhere.pem"), out _, out var missing));
        Assert.Contains("upgrade.trust-file", missing!.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_a_link_makes_no_image()
    {
        var folder = workshop.PathOf("linked");
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, "hitlessd"), "/bin/sh");
        Assert.False(
            ImageBuilder.TryBuild(folder, Workshop.Options("1.0.0"), workshop.Signer, workshop.PathOf("x.hli"), out _, out var problem)
        );
        Assert.Equal(ImageFault.UnsafeContent, problem!.Fault);
    }

    [Fact]
    public void A_key_file_is_for_its_owner_alone()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(workshop.PathOf("Maker.key")));
        Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(workshop.PathOf("Maker.pem"), Encoding.ASCII), StringComparison.Ordinal);
    }

    private TrustStore TrustWith(X509Certificate2 authority, params byte[][] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var serial in revoked)
        {
            list.AddEntry(serial);
        }

        var crl = list.Build(authority, 1, Workshop.Now.AddMonths(1), HashAlgorithmName.SHA256, thisUpdate: Workshop.Now);
        File.WriteAllText(
            workshop.PathOf("revoking.pem"),
            authority.ExportCertificatePem() + "\n" + PemEncoding.WriteString("X509 CRL", crl) + "\n"
        );
        Assert.True(TrustStore.TryRead(workshop.PathOf("revoking.pem"), out var trust, out var problem), problem?.Error);
        return trust;
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string use)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Issued", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: true));
        using var certificate = request.Create(authority, Workshop.Now.AddMonths(-6), Workshop.Now.AddMonths(6), [1, 2, 3, 4]);
        return certificate.CopyWithPrivateKey(key);
    }

    private ImageFault? OpenFault(byte[] bytes)
    {
        File.WriteAllBytes(workshop.PathOf("changed.hli"), bytes);
        if (!ImageFile.TryOpen(workshop.PathOf("changed.hli"), out var image, out var problem))
        {
            return problem!.Fault;
        }

        image.Dispose();
        return null;
    }

    private ImageFault? VerifyFault(byte[] bytes)
    {
        File.WriteAllBytes(workshop.PathOf("changed.hli"), bytes);
        using var image = Workshop.Open(workshop.PathOf("changed.hli"));
        return image.Verify(workshop.Trust, Workshop.Now)?.Fault;
    }
}
