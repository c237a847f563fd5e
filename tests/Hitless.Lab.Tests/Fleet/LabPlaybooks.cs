using System.Text.Json;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>Ansible on a cluster of a lab.</summary>
internal static class LabPlaybooks
{
    private const string Administrator = "admin";
    private const string Password = "four words for nobody";

    /// <summary>A playbook that runs on this machine; its path. Modules have the given arguments beside those of the tasks.</summary>
    public static string Book(this AnsibleFolder books, string name, string group, string arguments, string tasks) =>
        books.Write(
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
    public static string Inside(this AnsibleFolder books, LabUnit unit)
    {
        var words = unit.Inside(Program("hitless")).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'");
        return books.Script($"hitless-{unit.Name}", $"#!/bin/sh\nexec ip {string.Join(' ', words)} \"$@\"\n");
    }

    /// <summary>
    /// Starts the web manager of every unit; from now on Ansible runs on the client. The folder has the tokens <c>viewer</c> and
    /// <c>admin</c>, and the certificate.
    /// </summary>
    public static void StartWeb(this AnsibleFolder books, LabCluster cluster)
    {
        LabWeb.Up(cluster.Plan, Administrator, Password);
        books.Namespace = cluster.Plan.NamespaceOf(LabPlan.Client);
        var unit = cluster.Unit("gw1");
        foreach (var role in (string[])["viewer", "admin"])
        {
            var made = Tool.Run("ip", unit.Inside(Program("hitless"), "--json", "web", "token", $"the-{role}", "--role", role));
            using var document = JsonDocument.Parse(made);
            books.Write(role, document.RootElement.GetProperty("token").GetString()!);
        }

        using var secrets = JsonDocument.Parse(File.ReadAllText(Path.Combine(unit.Folder, "etc", "web.json")));
        books.Write("web.pem", secrets.RootElement.GetProperty("certificate").GetString()!);
    }

    /// <summary>Arguments for the API at an address.</summary>
    public static string Api(this AnsibleFolder books, string address, string role = "admin") =>
        $$$"""{ api_url: "https://{{{address}}}", api_token: "{{ lookup('file', '{{{books.At(role)}}}') }}", """
        + $"api_ca: {books.At("web.pem")} }}";

    /// <summary>As <see cref="AnsibleFolder.Play"/>; it succeeds, and its output has these words.</summary>
    public static void Succeeds(this AnsibleFolder books, string book, IEnumerable<string> options, params ReadOnlySpan<string> expected)
    {
        var played = books.Play([book, .. options]);
        LabCluster.Say(played.Output);
        Assert.Equal(0, played.ExitCode);
        foreach (var words in expected)
        {
            Assert.Contains(words, played.Output, StringComparison.Ordinal);
        }
    }

    private static string Program(string name) => Path.Combine(Prerequisites.Out, name);
}
