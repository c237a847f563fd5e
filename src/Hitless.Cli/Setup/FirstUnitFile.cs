using System.Text;

namespace Hitless.Cli.Setup;

/// <summary>The unit.yaml of a cluster's first unit.</summary>
/// <param name="Cluster">Name of the cluster.</param>
/// <param name="Group">0 to 1023, part of the virtual MACs.</param>
/// <param name="Unit">Name of the unit.</param>
/// <param name="Priority">0 to 255.</param>
/// <param name="Heartbeat">Interface of the heartbeat link.</param>
/// <param name="Address">This unit's address on it.</param>
/// <param name="Peers">The other units' addresses on it, as far as they are known.</param>
/// <param name="Virtual">Virtual addresses with their prefix, by interface.</param>
internal sealed record FirstUnitFile(
    string Cluster,
    int Group,
    string Unit,
    int Priority,
    string Heartbeat,
    string Address,
    IReadOnlyList<string> Peers,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Virtual
)
{
    /// <summary>File names in it are relative to its own folder.</summary>
    public const string KeyFile = "cluster.key";

    /// <inheritdoc cref="KeyFile"/>
    public const string TrustFile = "trust.pem";

    /// <summary>As it is written.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(
            $$"""
            # Written by hitless setup. Every key: man hitless-unit.yaml, or docs/configuration.md
            cluster:
              name: {{Cluster}}
              group: {{Group}}                      # part of the virtual MAC; another cluster on the same network needs another
              key-file: {{KeyFile}}
            unit:
              name: {{Unit}}
              priority: {{Priority}}                 # higher wins
            heartbeat:
              links:
                - { interface: {{Heartbeat}}, address: {{Quoted(Address)}}, peers: [{{string.Join(", ", Peers.Select(Quoted))}}] }
            interfaces:

            """
        );
        foreach (var (name, addresses) in Virtual)
        {
            text.Append($"  - {{ name: {name}, virtual-addresses: [{string.Join(", ", addresses.Select(Quoted))}] }}\n");
        }

        return text.Append($"upgrade: {{ trust-file: {TrustFile} }}   # whose images this cluster takes\n").ToString();
    }

    private static string Quoted(string value) => value.Contains(':', StringComparison.Ordinal) ? $"\"{value}\"" : value;
}
