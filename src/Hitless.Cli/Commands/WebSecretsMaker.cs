using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Web;

namespace Hitless.Cli.Commands;

/// <summary>
/// Makes the file of the web manager: a session key, and a self-signed certificate for this machine's names and addresses.
/// </summary>
internal static class WebSecretsMaker
{
    private const int ValidYears = 10;

    public static WebSecrets Make(IReadOnlyList<string> hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName("Hitless web manager");
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(Names(hosts));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(ValidYears));
        return new WebSecrets(
            WebSecrets.CurrentFormat,
            RandomNumberGenerator.GetBytes(WebSecrets.KeyBytes),
            certificate.ExportCertificatePem(),
            key.ExportPkcs8PrivateKeyPem(),
            [],
            []
        );
    }

    private static X509Extension Names(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Environment.MachineName);
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(each => each.GetIPProperties().UnicastAddresses))
        {
            if (!address.Address.IsIPv6LinkLocal)
            {
                names.AddIpAddress(address.Address);
            }
        }

        return names.Build();
    }
}
