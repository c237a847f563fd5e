using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>A folder with an inventory and playbooks, and Ansible on them with the collection of this repository.</summary>
internal sealed class AnsibleFolder : IDisposable
{
    /// <summary>Where the repository has its collections.</summary>
    public static readonly string Collections = Path.Combine(Path.GetDirectoryName(Prerequisites.Out)!, "ansible");

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("hitless-fleet-").FullName;

    /// <summary>The namespace that Ansible runs in; null: the test's own.</summary>
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A path in the folder.</summary>
    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>A file in the folder; its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    /// <summary>A program in the folder; its path.</summary>
    public string Script(string name, string text)
    {
        File.SetUnixFileMode(Write(name, text), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return At(name);
    }

    /// <summary>Runs <c>ansible-playbook</c>.</summary>
    public ToolResult Play(params IEnumerable<string> words) => Run("ansible-playbook", words);

    /// <summary>Runs a program of Ansible.</summary>
    public ToolResult Run(string program, params IEnumerable<string> words)
    {
        string[] command =
        [
            $"ANSIBLE_COLLECTIONS_PATHS={Collections}",
            $"ANSIBLE_LOCAL_TEMP={Folder}/local",
            "ANSIBLE_NOCOLOR=1",
            "LC_ALL=C.UTF-8",
            "PYTHONDONTWRITEBYTECODE=1",
            program,
            .. words,
        ];
        return Namespace is { } name
            ? Tool.Try("ip", ["netns", "exec", name, "env", .. command], limit: Limit)
            : Tool.Try("env", command, limit: Limit);
    }
}
