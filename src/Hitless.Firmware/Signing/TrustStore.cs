using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Signing;

/// <summary>
/// The certificates whose images a unit accepts: signers themselves, or authorities that issued signers; and what those have revoked.
/// </summary>
public sealed class TrustStore
{
    private readonly X509Certificate2Collection certificates;
    private readonly IReadOnlyList<RevocationList> revoked;

    private TrustStore(X509Certificate2Collection certificates, IReadOnlyList<RevocationList> revoked)
    {
        this.certificates = certificates;
        this.revoked = revoked;
    }

    /// <summary>Trusts nobody: every image is a stranger's.</summary>
    public static TrustStore Empty { get; } = new([], []);

    /// <summary>
    /// Reads a PEM file of one or more certificates and any number of revocation lists (<c>upgrade.trust-file</c>); anything else in it is
    /// skipped.
    /// </summary>
    public static bool TryRead(string path, out TrustStore trust, out ImageProblem? problem)
    {
        var certificates = new X509Certificate2Collection();
        IReadOnlyList<RevocationList> revoked = [];
        problem = null;
        try
        {
            var text = File.ReadAllText(path);
            certificates.ImportFromPem(text);
            revoked = RevocationList.ReadAll(text);
            problem = certificates.Count == 0 ? NoCertificate(path, "holds no PEM certificate") : null;
        }
        catch (CryptographicException e)
        {
            problem = NoCertificate(path, $"holds a certificate or revocation list that cannot be read ({e.Message})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = NoCertificate(path, $"cannot be read ({e.Message})");
        }

        trust = problem is null ? new TrustStore(certificates, revoked) : Empty;
        return problem is null;
    }

    /// <summary>
    /// Null if a trusted certificate stands behind this signer, none of them is revoked, and the time of none has ended or not yet begun.
    /// </summary>
    internal ImageProblem? Refuse(X509Certificate2 signer, DateTimeOffset now, string what)
    {
        var path = PathToTrust(signer);
        if (path.Count == 0)
        {
            var known = certificates.Count == 0 ? "nobody" : string.Join(", ", certificates.Select(ManifestSignature.NameOf));
            return new ImageProblem(
                ImageFault.Stranger,
                $"{what} is signed by {ManifestSignature.NameOf(signer)} (certificate "
                    + $"{signer.Thumbprint[..16].ToLowerInvariant()}), whom this unit does not trust; it trusts {known}",
                "take an image signed by someone trusted, or add the signer's certificate to upgrade.trust-file on every unit"
            );
        }

        return path.Select(RefuseRevoked)
            .Concat(path.Select(certificate => RefuseTime(certificate, now)))
            .FirstOrDefault(problem => problem is not null);
    }

    /// <summary>The signer and what issued it, up to a trusted certificate; empty if there is no such path.</summary>
    private List<X509Certificate2> PathToTrust(X509Certificate2 signer)
    {
        if (certificates.Any(trusted => trusted.RawDataMemory.Span.SequenceEqual(signer.RawDataMemory.Span)))
        {
            return [signer];
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(SigningKey.CodeSigning));
        // Time has its own, clearer answer.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        try
        {
            return chain.Build(signer) ? [.. chain.ChainElements.Select(element => element.Certificate)] : [];
        }
        catch (CryptographicException)
        {
            // A certificate whose extensions cannot be read was issued by nobody who is trusted.
            return [];
        }
    }

    private ImageProblem? RefuseRevoked(X509Certificate2 certificate) =>
        revoked.Any(list => list.Revokes(certificate))
            ? new ImageProblem(
                ImageFault.Revoked,
                $"the certificate of {ManifestSignature.NameOf(certificate)} (serial {certificate.SerialNumber}) was revoked by its issuer",
                "take an image signed with another certificate; do not trust this one"
            )
            : null;

    private static ImageProblem? RefuseTime(X509Certificate2 certificate, DateTimeOffset now)
    {
        var name = ManifestSignature.NameOf(certificate);
        var (from, until) = (new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
        if (now < from)
        {
            return new ImageProblem(
                ImageFault.Expired,
                $"the certificate of {name} is valid only from {from.UtcDateTime:u}, and this unit's clock says {now.UtcDateTime:u}",
                "set the unit's clock"
            );
        }

        return now > until
            ? new ImageProblem(
                ImageFault.Expired,
                $"the certificate of {name} expired at {until.UtcDateTime:u}, by this unit's clock, which says {now.UtcDateTime:u}",
                "take an image signed with a current certificate, or set the unit's clock"
            )
            : null;
    }

    private static ImageProblem NoCertificate(string path, string why) =>
        new(
            ImageFault.NotFound,
            $"the trust file {path} {why}",
            "give a PEM file with the certificates of those who may sign images (upgrade.trust-file)"
        );
}
