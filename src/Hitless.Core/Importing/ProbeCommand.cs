using System.Net;

namespace Hitless.Core.Importing;

/// <summary>Checks that people write as commands, and the probe that does the same.</summary>
internal static class ProbeCommand
{
    /// <summary>The probe, as <c>ping: 10.0.0.1</c>, or the command itself; null: there is none.</summary>
    public static string? Read(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return null;
        }

        var last = words[^1];
        return words[0].Split('/')[^1] switch
        {
            "ping" or "ping6" or "fping" when IPAddress.TryParse(last, out _) => $"ping: {ImportedUnit.Quoted(last)}",
            "nc" or "ncat" when words.Length > 2 && IPAddress.TryParse(words[^2], out var host) && ushort.TryParse(last, out var port) =>
                $"tcp: \"{new IPEndPoint(host, port)}\"",
            "curl" or "wget" when words.FirstOrDefault(word => word.StartsWith("http://", StringComparison.Ordinal)) is { } page =>
                $"http: \"{page}\"",
            _ => $"exec: {ImportedUnit.Quoted(command.Trim('"'))}",
        };
    }
}
