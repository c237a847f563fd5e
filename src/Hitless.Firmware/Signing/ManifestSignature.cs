using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Signing;

/// <summary>The CMS signature (RFC 5652, SignedData, detached) over the bytes of a manifest.</summary>
public static class ManifestSignature
{
    /// <summary>Signs with the certificate's private key, SHA-256. The certificate goes into the signature.</summary>
    public static byte[] Sign(byte[] manifest, X509Certificate2 signer)
    {
        var cms = new SignedCms(new ContentInfo(manifest), detached: true);
        cms.ComputeSignature(
            new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, signer)
            {
                DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"),
                IncludeOption = X509IncludeOption.EndCertOnly,
            }
        );
        return cms.Encode();
    }

    /// <summary>
    /// Who signed, by the signature's own words and without trusting them: for lists. Null if nobody did or it cannot be read.
    /// </summary>
    public static string? SignerName(byte[] signature)
    {
        var cms = new SignedCms();
        return TryDecode(cms, signature, out var info) ? NameOf(info.Certificate!) : null;
    }

    /// <summary>Null if a certificate of <paramref name="trust"/> (itself, or one that it issued) signed exactly these bytes.</summary>
    /// <param name="what">What is signed, for the words of the problem.</param>
    public static ImageProblem? Verify(byte[] manifest, byte[] signature, TrustStore trust, DateTimeOffset now, string what = "the image")
    {
        if (signature.Length == 0)
        {
            return new ImageProblem(
                ImageFault.Unsigned,
                $"{what} is not signed",
                "take a released image, or sign it: `hitless firmware build … --key KEY`"
            );
        }

        // "detached": what is checked is the manifest given here, even if the message carries content of its own.
        var cms = new SignedCms(new ContentInfo(manifest), detached: true);
        if (!TryDecode(cms, signature, out var info))
        {
            return new ImageProblem(
                ImageFault.SignatureMalformed,
                $"the signature of {what} is no CMS signature with one signer and its certificate",
                "copy the image again from where it was released"
            );
        }

        var signer = info.Certificate!;
        try
        {
            info.CheckSignature(verifySignatureOnly: true);
        }
        catch (CryptographicException)
        {
            return new ImageProblem(
                ImageFault.Tampered,
                $"{what} is not what {NameOf(signer)} signed: it has been changed",
                "do not use this file; copy the image again from where it was released"
            );
        }

        return trust.Refuse(signer, now, what);
    }

    internal static string NameOf(X509Certificate2 certificate) => certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);

    // The certificate is decoded when it is asked for: a message that holds one may still hold no certificate.
    private static bool TryDecode(SignedCms cms, byte[] signature, [NotNullWhen(true)] out SignerInfo? signer)
    {
        signer = null;
        try
        {
            cms.Decode(signature);
            signer = cms.SignerInfos is [{ Certificate: not null } only] ? only : null;
        }
        catch (CryptographicException)
        {
            // No signature.
        }

        return signer is not null;
    }
}
