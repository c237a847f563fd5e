using System.Text.RegularExpressions;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Network;

/// <summary>
/// Network namespaces by name, and the processes in them. Processes are found by the namespace they are in, never by their name.
/// </summary>
public static class Namespaces
{
    private const string Folder = "/run/netns";

    /// <summary>True when a namespace by that name stands.</summary>
    public static bool Exists(string name) => File.Exists(Path.Combine(Folder, name));

    /// <summary>The namespaces of one lab that stand now.</summary>
    public static IReadOnlyList<string> OfLab(string lab)
    {
        var pattern = new Regex($"^hl-{lab}-[a-z0-9]+$");
        return [.. All().Where(name => pattern.IsMatch(name))];
    }

    /// <summary>True when some lab stands.</summary>
    public static bool AnyLab() => All().Any(name => name.StartsWith("hl-", StringComparison.Ordinal));

    /// <summary>The processes in a namespace, this one left out.</summary>
    public static IReadOnlyList<int> Processes(string name)
    {
        var listed = Tool.Try("ip", ["netns", "pids", name]);
        return
        [
            .. listed
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(int.Parse)
                .Where(pid => pid != Environment.ProcessId && Directory.Exists($"/proc/{pid}")),
        ];
    }

    /// <summary>Sends a signal to every process in a namespace but this one.</summary>
    public static void Signal(string name, string signal) => Signal(Processes(name), signal);

    /// <summary>Sends a signal to these processes; one that is gone already is no fault.</summary>
    public static void Signal(IReadOnlyCollection<int> processes, string signal)
    {
        if (processes.Count > 0)
        {
            _ = Tool.Try("kill", [$"-{signal}", .. processes.Select(pid => $"{pid}")]);
        }
    }

    /// <summary>Kills every process in a namespace and waits until they are gone (at most 5 s).</summary>
    public static void KillAll(string name)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var processes = Processes(name);
            if (processes.Count == 0)
            {
                return;
            }

            Signal(processes, "KILL");
            Thread.Sleep(50);
        }

        throw new LabException(
            $"processes in {name} do not die: {string.Join(' ', Processes(name))}",
            "look at them with `ps`, then `hitless lab down` again"
        );
    }

    private static IEnumerable<string> All() =>
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder).Select(file => Path.GetFileName(file)) : [];
}
