using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hitless.Core.Web;
using Hitless.Web.Tests.Server;
using Xunit;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>docs/openapi.json is what the routes are, and takes nothing away from who uses it.</summary>
public sealed partial class OpenApiTests
{
    private static readonly string Root = RootOf(AppContext.BaseDirectory);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Document => Path.Combine(Root, "docs", "openapi.json");

    [Fact]
    public async Task The_description_is_what_the_routes_are_and_nothing_of_it_is_gone()
    {
        await using var bench = await WebBench.StartAsync();
        var made = ApiDocument.Make(bench.Host.Routes);
        var known = File.Exists(Document) ? await File.ReadAllTextAsync(Document, Cancel) : "{}";
        var gone = BreakingChanges.Between(JsonNode.Parse(known)!, JsonNode.Parse(made)!);
        Assert.True(
            gone.Count == 0,
            $"docs/openapi.json has what the routes have no more: put it back, or take it out there by hand with a new major version:\n"
                + string.Join('\n', gone)
        );
        if (Environment.GetEnvironmentVariable("HITLESS_WRITE") == "1")
        {
            await File.WriteAllTextAsync(Document, made, Cancel);
        }
        else
        {
            Assert.True(known == made, "docs/openapi.json is old: run this test with HITLESS_WRITE=1");
        }
    }

    [Fact]
    public void Each_row_of_the_access_table_has_its_words_and_no_other()
    {
        Assert.Equal(
            AccessTable.All.Select(rule => $"{rule.Method} {rule.Path}").Order(StringComparer.Ordinal),
            ApiWords.All.Keys.Order(StringComparer.Ordinal)
        );
    }

    // The author is put there by the web manager.
    [Fact]
    public void Each_value_of_a_query_that_the_local_api_reads_is_described_and_no_other()
    {
        var read = Directory
            .EnumerateFiles(Path.Combine(Root, "src", "Hitless.Daemon", "Api"), "*Endpoints.cs")
            .SelectMany(file => QueryRead().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Where(name => name != "author");
        var described = ApiWords.All.Values.SelectMany(words => words.Query).Select(value => value.Name);
        Assert.Equal(read.Distinct().Order(StringComparer.Ordinal), described.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"paths":{"/a":{"get":{"x":1}}}}""", """{"paths":{"/a":{"get":{"x":1}},"/b":{}}}""", 0)]
    [InlineData("""{"paths":{"/a":{"get":{"summary":"s"}}}}""", """{"paths":{"/a":{"get":{"summary":"t"}}}}""", 0)]
    [InlineData("""{"paths":{"/a":{"get":{"x":1}}}}""", """{"paths":{}}""", 1)]
    [InlineData("""{"p":{"properties":{"a":{"type":"string"}}}}""", """{"p":{"properties":{"a":{"type":"integer"}}}}""", 1)]
    [InlineData("""{"p":{"properties":{"a":{},"b":{}}}}""", """{"p":{"properties":{"a":{}}}}""", 1)]
    [InlineData("""{"p":{"required":["a"]}}""", """{"p":{"required":["a","b"]}}""", 1)]
    [InlineData("""{"p":{"required":["a","b"]}}""", """{"p":{"required":["a"]}}""", 0)]
    [InlineData("""{"p":[{"name":"a"}]}""", """{"p":[{"name":"b"},{"name":"a","x":1}]}""", 0)]
    [InlineData("""{"p":[{"name":"a"}]}""", """{"p":[{"name":"b"}]}""", 1)]
    public void What_takes_something_away_is_found_and_what_adds_is_not(string earlier, string later, int count) =>
        Assert.Equal(count, BreakingChanges.Between(JsonNode.Parse(earlier)!, JsonNode.Parse(later)!).Count);

    [Fact]
    public async Task The_web_manager_gives_the_description_to_who_is_logged_in()
    {
        await using var bench = await WebBench.StartAsync();
        using var viewer = bench.Client(WebRole.Viewer);
        Assert.Equal(await File.ReadAllTextAsync(Document, Cancel), await viewer.GetStringAsync("/v1/openapi.json", Cancel));
    }

    [GeneratedRegex("(?:Text|Number)\\(\"(\\w+)\"\\)")]
    private static partial Regex QueryRead();

    private static string RootOf(string folder) =>
        File.Exists(Path.Combine(folder, "Hitless.slnx")) ? folder : RootOf(Path.GetDirectoryName(folder.TrimEnd('/'))!);
}
