using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hitless.Firmware.Signing;

/// <summary>
/// A certificate revocation list (RFC 5280, section 5), as <c>openssl ca -gencrl</c> writes it: which certificates their issuer has taken
/// back. It stands in the unit's own trust file, so its signature is not checked, and it counts beyond its <c>nextUpdate</c>: what was
/// revoked stays so.
/// </summary>
internal sealed class RevocationList
{
    private const string PemLabel = "X509 CRL";
    private readonly byte[] issuer;
    private readonly HashSet<string> serials = new(StringComparer.Ordinal);

    private RevocationList(byte[] issuer) => this.issuer = issuer;

    /// <summary>All lists in a PEM text; blocks of other kinds are skipped.</summary>
    /// <exception cref="CryptographicException">A block that calls itself a list is none.</exception>
    public static List<RevocationList> ReadAll(ReadOnlySpan<char> pem)
    {
        List<RevocationList> lists = [];
        while (PemEncoding.TryFind(pem, out var block))
        {
            if (pem[block.Label].SequenceEqual(PemLabel))
            {
                lists.Add(Read(Convert.FromBase64String(pem[block.Base64Data].ToString())));
            }

            pem = pem[block.Location.End..];
        }

        return lists;
    }

    /// <summary>Whether the certificate's issuer has taken it back.</summary>
    public bool Revokes(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer) && serials.Contains(certificate.SerialNumber);

    private static RevocationList Read(byte[] der)
    {
        try
        {
            // CertificateList { tbsCertList { version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, … }, … }
            var content = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (content.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            {
                content.ReadEncodedValue();
            }

            content.ReadEncodedValue();
            var list = new RevocationList(content.ReadEncodedValue().ToArray());
            while (
                content.HasData && content.PeekTag().TagValue is (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime
            )
            {
                content.ReadEncodedValue();
            }

            if (content.HasData && content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            {
                for (var revoked = content.ReadSequence(); revoked.HasData; )
                {
                    list.serials.Add(Convert.ToHexString(revoked.ReadSequence().ReadIntegerBytes().Span));
                }
            }

            return list;
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException($"a revocation list cannot be read: {e.Message}", e);
        }
    }
}
