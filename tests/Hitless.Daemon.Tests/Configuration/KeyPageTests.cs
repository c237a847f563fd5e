using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class KeyPageTests
{
    [Fact]
    public void The_page_of_keys_is_what_the_table_of_keys_says()
    {
        var path = Path.Combine(UnitFileTests.RepositoryRoot(), "docs", "configuration.md");
        var page = KeyPage.Make();
        if (Environment.GetEnvironmentVariable("HITLESS_WRITE") == "1")
        {
            File.WriteAllText(path, page);
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == page,
            "docs/configuration.md is old: run this test with HITLESS_WRITE=1"
        );
    }
}
