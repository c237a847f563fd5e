using System.Globalization;

namespace Hitless.Bench.Million;

/// <summary>The kernel's limit of conntrack entries, the same for all namespaces, is raised (or set) as long as this lives.</summary>
internal sealed class TableLimit : IDisposable
{
    private const string File = "/proc/sys/net/netfilter/nf_conntrack_max";
    private readonly string before = System.IO.File.ReadAllText(File);

    public TableLimit(int sessions, bool exactly = false)
    {
        var roomy = Math.Max((3L * sessions) + 100_000, long.Parse(before, CultureInfo.InvariantCulture));
        System.IO.File.WriteAllText(File, (exactly ? sessions : roomy).ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose() => System.IO.File.WriteAllText(File, before);
}
