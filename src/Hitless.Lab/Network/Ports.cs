namespace Hitless.Lab.Network;

/// <summary>
/// The server's ports, which the firewall also forwards (DNAT, the TCP ones) from the virtual addresses on lan0; and the units' own.
/// </summary>
public static class Ports
{
    /// <summary>UDP: sends every datagram back.</summary>
    public const int Probe = 7000;

    /// <summary>TCP: sends every byte back, for as long as one likes.</summary>
    public const int Echo = 7001;

    /// <summary>TCP: answers one request and lets the client close.</summary>
    public const int Short = 7002;

    /// <summary>TCP: HTTP.</summary>
    public const int Http = 7003;

    /// <summary>TCP, on the units: the web manager.</summary>
    public const int Web = 8443;
}
