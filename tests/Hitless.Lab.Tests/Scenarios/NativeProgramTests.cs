using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// The programs as they ship, where they run without the compiler's help: what is missing in them must fail here, not on a gateway.
/// </summary>
public sealed class NativeProgramTests
{
    // What the programs' own list of libraries does not have: the cryptography that .NET opens when it is first needed.
    private static readonly string[] Cryptography = ["libssl.so.3", "libcrypto.so.3"];

    [Theory]
    [InlineData("hitlessd", "--self-check", 17)]
    [InlineData("hitless", "self-check", 4)]
    public void A_native_program_passes_its_own_checks(string program, string option, int checks)
    {
        Prerequisites.NeedBuild();
        var said = Tool.Try(Path.Combine(Prerequisites.Out, program), [option]);
        Assert.True(said.Ok, said.Output + said.Errors);
        Assert.Equal(checks, said.Output.Split('\n').Count(line => line.EndsWith(": ok", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_unit_is_installed_started_and_asked_in_a_root_that_has_the_C_library_and_OpenSSL_alone()
    {
        Prerequisites.NeedBuild();
        var root = Directory.CreateTempSubdirectory("hitless-root-").FullName;
        var space = $"hlroot{Environment.ProcessId}";
        Process? boot = null;
        try
        {
            Furnish(root);
            MakeNetwork(space);
            Assert.Contains(
                "slot a",
                In(
                    root,
                    space,
                    "/bin/hitless-boot",
                    "--state",
                    "/var/lib/hitless",
                    "--install",
                    "/image.hli",
                    "--trust",
                    "/trust.pem"
                ).Said,
                StringComparison.Ordinal
            );
            Assert.True(In(root, space, "/bin/hitless", "key", "generate", "/etc/hitless/cluster.key").Ok);
            boot = Tool.Start(
                "ip",
                Entering(
                    root,
                    space,
                    "/bin/hitless-boot --config /etc/hitless/unit.yaml --state /var/lib/hitless --socket /run/hitless.sock 2>/dev/null"
                ),
                redirectInput: true
            );
            var (role, version) = await PrimaryAsync(root, space);
            Assert.Equal(("primary", "1.0.0"), (role, version));
            Assert.True(In(root, space, "/bin/hitlessd", "--self-check").Ok);
        }
        finally
        {
            Namespaces.KillAll(space);
            boot?.Dispose();
            _ = Tool.Try("ip", ["netns", "delete", space]);
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<(string? Role, string? Version)> PrimaryAsync(string root, string space)
    {
        var answer = "";
        for (var attempt = 0; attempt < 120; attempt++)
        {
            var (ok, said) = In(root, space, "/bin/hitless", "--socket", "/run/hitless.sock", "--json", "status");
            answer = said;
            if (ok && JsonDocument.Parse(said).RootElement is var status && status.GetProperty("primary").ValueKind == JsonValueKind.String)
            {
                var unit = status.GetProperty("units")[0];
                return (unit.GetProperty("role").GetString(), unit.GetProperty("version").GetString());
            }

            await Task.Delay(250, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"no primary within 30 s: {answer}");
        return default;
    }

    // The programs, their libraries by the names that they ask for, one image, one unit.yaml; no shell, no .NET, nothing else.
    private static void Furnish(string root)
    {
        foreach (var folder in (string[])["bin", "etc/hitless", "var/lib/hitless", "run", "tmp", "proc", "sys", "dev"])
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        foreach (var program in (string[])["hitlessd", "hitless", "hitless-boot"])
        {
            File.Copy(Path.Combine(Prerequisites.Out, program), Path.Combine(root, "bin", program));
            foreach (var library in LibrariesOf(Path.Combine(Prerequisites.Out, program)))
            {
                CopyLibrary(root, library);
            }
        }

        var known = Tool.Run("ldconfig", ["-p"]).Split('\n');
        foreach (var library in Cryptography)
        {
            var line = known.First(line => line.TrimStart().StartsWith(library, StringComparison.Ordinal));
            CopyLibrary(root, line[(line.IndexOf("=> ", StringComparison.Ordinal) + 3)..]);
        }

        File.Copy(Prerequisites.SecondImage, Path.Combine(root, "image.hli"));
        File.Copy(Path.Combine(Prerequisites.Out, "images", "trust.pem"), Path.Combine(root, "trust.pem"));
        File.WriteAllText(
            Path.Combine(root, "etc/hitless/unit.yaml"),
            """
            cluster: { name: edge, group: 7, key-file: cluster.key }
            unit: { name: gw1, priority: 200 }
            heartbeat: { links: [ { interface: hb0, address: 10.10.9.1, peers: [10.10.9.2] } ] }
            interfaces: [ { name: lan0, virtual-addresses: [10.10.1.1/24] } ]

            """
        );
    }

    private static IEnumerable<string> LibrariesOf(string program) =>
        from line in Tool.Run("ldd", [program]).Split('\n')
        from word in line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
        where word.StartsWith('/')
        select word;

    private static void CopyLibrary(string root, string path)
    {
        var target = root + path;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(path, target, overwrite: true);
    }

    private static void MakeNetwork(string space)
    {
        Tool.Run("ip", ["netns", "add", space]);
        Topology.Batch(
            space,
            new StringBuilder(
                """
                link set lo up
                link add hb0 type veth peer name hb1
                link add lan0 type veth peer name lan1
                address add 10.10.9.1/24 dev hb0
                address add 10.10.1.2/24 dev lan0
                link set hb0 up
                link set hb1 up
                link set lan0 up
                link set lan1 up

                """
            )
        );
    }

    private static (bool Ok, string Said) In(string root, string space, params string[] command)
    {
        var said = Tool.Try("ip", Entering(root, space, string.Join(' ', command)));
        return (said.Ok, said.Output + said.Errors);
    }

    // The kernel's own file systems are mounted for this one process: ip netns exec gives it a mount namespace.
    private static string[] Entering(string root, string space, string command) =>
        ["netns", "exec", space, "sh", "-c", $"for f in proc sys dev; do mount --rbind /$f {root}/$f; done; exec chroot {root} {command}"];
}
