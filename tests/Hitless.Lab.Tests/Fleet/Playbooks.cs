using System.Text.Json;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>A folder with an inventory and playbooks, and Ansible on them with the collection of this repository.</summary>
internal sealed class Playbooks : IDisposable
{
    private const string Administrator = "admin";
    private const string Password = "four words for nobody";
    private static readonly string Collections = Path.Combine(Path.GetDirectoryName(Prerequisites.Out)!, "ansible");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("hitless-fleet-").FullName;

    /// <summary>The namespace that Ansible runs in; null: the test's own.</summary>
    public string? Namespace { get; private set; }

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

    /// <summary>A playbook that runs on this machine; its path. Modules have the given arguments beside those of the tasks.</summary>
    public string Book(string name, string group, string arguments, string tasks) =>
        Write(
            name,
            $$"""
            - hosts: localhost
              connection: local
              gather_facts: false
              module_defaults:
                group/hitless.cluster.{{group}}: {{arguments}}
              tasks:
            {{tasks}}

            """
        );

    /// <summary>A program that is <c>hitless</c> inside a unit, where its files are its own.</summary>
    public string Inside(LabUnit unit)
    {
        var words = unit.Inside(Program("hitless")).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'");
        var file = Write($"hitless-{unit.Name}", $"#!/bin/sh\nexec ip {string.Join(' ', words)} \"$@\"\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return file;
    }

    /// <summary>
    /// Starts the web manager of every unit; from now on Ansible runs on the client. The folder has the tokens <c>viewer</c> and
    /// <c>admin</c>, and the certificate.
    /// </summary>
    public void StartWeb(LabCluster cluster)
    {
        LabWeb.Up(cluster.Plan, Administrator, Password);
        Namespace = cluster.Plan.NamespaceOf(LabPlan.Client);
        var unit = cluster.Unit("gw1");
        foreach (var role in (string[])["viewer", "admin"])
        {
            var made = Tool.Run("ip", unit.Inside(Program("hitless"), "--json", "web", "token", $"the-{role}", "--role", role));
            using var document = JsonDocument.Parse(made);
            Write(role, document.RootElement.GetProperty("token").GetString()!);
        }

        using var secrets = JsonDocument.Parse(File.ReadAllText(Path.Combine(unit.Folder, "etc", "web.json")));
        Write("web.pem", secrets.RootElement.GetProperty("certificate").GetString()!);
    }

    /// <summary>Arguments for the API at an address.</summary>
    public string Api(string address, string role = "admin") =>
        $$$"""{ api_url: "https://{{{address}}}", api_token: "{{ lookup('file', '{{{At(role)}}}') }}", api_ca: {{{At("web.pem")}}} }""";

    /// <summary>Runs <c>ansible-playbook</c>.</summary>
    public ToolResult Play(params IEnumerable<string> words) => Run("ansible-playbook", words);

    /// <summary>As <see cref="Play"/>; it succeeds, and its output has these words.</summary>
    public void Succeeds(string book, IEnumerable<string> options, params ReadOnlySpan<string> expected)
    {
        var played = Play([book, .. options]);
        LabCluster.Say(played.Output);
        Assert.Equal(0, played.ExitCode);
        foreach (var words in expected)
        {
            Assert.Contains(words, played.Output, StringComparison.Ordinal);
        }
    }

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

    private static string Program(string name) => Path.Combine(Prerequisites.Out, name);
}
