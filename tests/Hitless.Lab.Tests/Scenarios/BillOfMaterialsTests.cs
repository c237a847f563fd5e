using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What the package says that its programs are made of (<c>build/sbom.sh</c>).</summary>
public sealed class BillOfMaterialsTests
{
    // Whoever adds a library adds it here, and knows that gateways carry it.
    private static readonly string[] Expected =
    [
        "@preact/signals",
        "@preact/signals-core",
        "Microsoft.AspNetCore.App.Runtime.linux-x64",
        "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64",
        "Spectre.Console",
        "System.CommandLine",
        "System.Security.Cryptography.Pkcs",
        "YamlDotNet",
        "preact",
    ];

    [Fact]
    public void It_names_what_is_linked_and_bundled_with_version_licence_and_hash()
    {
        Prerequisites.NeedBuild();
        Prerequisites.NeedPrograms("jq");
        var script = Path.Combine(Prerequisites.Repository(), "build", "sbom.sh");
        var said = Tool.Run("bash", [script]);
        Assert.Equal(said, Tool.Run("bash", [script]));

        var bill = JsonDocument.Parse(said).RootElement;
        Assert.Equal(("CycloneDX", "1.5"), (bill.GetProperty("bomFormat").GetString(), bill.GetProperty("specVersion").GetString()));
        var components = bill.GetProperty("components").EnumerateArray().ToArray();
        Assert.Equal(Expected, components.Select(each => each.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        Assert.All(components, each =>
        {
            Assert.Matches(@"^pkg:(nuget|npm)/.+@\d+\.\d+\.\d+$", each.GetProperty("purl").GetString());
            Assert.Matches("^[0-9a-f]{128}$", each.GetProperty("hashes")[0].GetProperty("content").GetString());
            Assert.NotEmpty(each.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString()!);
        });
        Assert.Equal(
            components.Select(each => each.GetProperty("bom-ref").GetString()),
            bill.GetProperty("dependencies")[0].GetProperty("dependsOn").EnumerateArray().Select(each => each.GetString())
        );
    }
}
