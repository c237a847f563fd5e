using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Xunit;

namespace Hitless.Lab.Tests.Fleet;

/// <summary>The modules that use the program on a unit: holds, reboots, users and tokens.</summary>
public sealed class UnitFleetTests : IDisposable
{
    private readonly AnsibleFolder books = new();

    public void Dispose() => books.Dispose();

    [Scenario]
    public async Task A_unit_is_held_by_ssh_and_a_primary_that_nobody_replaces_is_not()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var cluster = await LabCluster.ReadyAsync();
        var inside = $$"""{ executable: {{books.Inside(cluster.Unit("gw1"))}} }""";
        var hold = books.Book("hold.yml", "unit", inside, "    - hitless.cluster.unit: { name: gw2, state: held, reason: new disk }");
        books.Succeeds(hold, ["--check", "--diff"], "changed=1", "+gw2: held until it is released (new disk)");
        Assert.Null(cluster.Watch.Status()!.Units.Single(unit => unit.Name == "gw2").Hold);
        books.Succeeds(hold, [], "changed=1");
        Assert.Equal("new disk", cluster.Watch.Status()!.Units.Single(unit => unit.Name == "gw2").Hold!.Reason);
        books.Succeeds(hold, [], "changed=0");

        var self = books.Book("self.yml", "unit", inside, "    - hitless.cluster.unit: { state: held }");
        var refused = books.Play(self);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("gw1 is primary, and no other unit can take over (gw2 is held)", refused.Output, StringComparison.Ordinal);

        var rest = books.Book(
            "rest.yml",
            "unit",
            inside,
            """
                - hitless.cluster.unit: { name: gw2, state: released }
                - hitless.cluster.unit: { name: gw2, state: rebooted }
            """
        );
        var before = cluster.Watch.Status()!.Units.Single(unit => unit.Name == "gw2").Incarnation;
        books.Succeeds(rest, [], "changed=2");
        var after = await cluster.UntilReadyAsync();
        Assert.NotEqual(before, after.Units.Single(unit => unit.Name == "gw2").Incarnation);
    }

    [Scenario]
    public async Task An_image_is_put_into_the_store_and_taken_out_again_but_for_the_one_that_runs()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var cluster = await LabCluster.ReadyAsync();
        var inside = $$"""{ executable: {{books.Inside(cluster.Unit("gw1"))}} }""";
        string Book(string name, string words) => books.Book(name, "unit", inside, $"    - hitless.cluster.firmware: {{ {words} }}");
        var (there, gone) = (Book("there.yml", $"src: {Prerequisites.SecondImage}"), Book("gone.yml", "image: 1.0.0, state: absent"));
        books.Succeeds(there, [], "changed=1");
        books.Succeeds(there, [], "changed=0");
        books.Succeeds(gone, ["--check", "--diff"], "changed=1", "-1.0.0 ");
        Assert.Contains("1.0.0", cluster.Watch.Cli("gw1").Run("firmware", "list").Output, StringComparison.Ordinal);
        books.Succeeds(gone, [], "changed=1");
        Assert.DoesNotContain("1.0.0", cluster.Watch.Cli("gw1").Run("firmware", "list").Output, StringComparison.Ordinal);
        books.Succeeds(gone, [], "changed=0");

        Assert.Equal(0, cluster.Watch.Cli("gw1").Run("firmware", "upload", Prerequisites.FirstImage).ExitCode);
        var refused = books.Play(Book("runs.yml", "image: 0.9.0, state: absent"));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("gw1 runs 0.9.0", refused.Output, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task Users_and_tokens_are_made_and_taken_away_once()
    {
        Prerequisites.NeedPrograms("ansible-playbook");
        using var cluster = await LabCluster.ReadyAsync();
        var inside = $$"""{ executable: {{books.Inside(cluster.Unit("gw1"))}} }""";
        string Book(string name, string tasks) => books.Book(name, "unit", inside, tasks);
        var access = Book(
            "access.yml",
            """
                - hitless.cluster.user: { name: admin, role: admin, password: four words for nobody, hosts: [10.10.1.1] }
                - hitless.cluster.user: { name: jane, role: viewer, password: four words for jane }
                - hitless.cluster.token: { name: metrics }
            """
        );
        books.Succeeds(access, ["--check", "--diff"], "changed=3", "+jane: viewer", "+metrics: viewer, valid for 90d");
        Assert.False(File.Exists(Path.Combine(cluster.Unit("gw1").Folder, "etc", "web.json")));
        books.Succeeds(access, [], "changed=3");
        Assert.Contains("jane", await SecretsAsync(cluster, "gw2"), StringComparison.Ordinal);
        books.Succeeds(access, [], "changed=0");

        var role = Book("role.yml", "    - hitless.cluster.user: { name: jane, role: operator }");
        var refused = books.Play(role);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("another role or password the password", refused.Output, StringComparison.Ordinal);

        var token = Book("token.yml", "    - hitless.cluster.token: { name: metrics, renew_days: 100 }");
        books.Succeeds(token, ["-v"], "changed=1", "\"token\": \"hitless_");
        var gone = Book(
            "gone.yml",
            """
                - hitless.cluster.user: { name: jane, state: absent }
                - hitless.cluster.token: { name: metrics, state: absent }
            """
        );
        books.Succeeds(gone, ["--diff"], "changed=2", "-jane: viewer");
        var left = await SecretsAsync(cluster, "gw2");
        Assert.DoesNotContain("jane", left, StringComparison.Ordinal);
        Assert.DoesNotContain("metrics", left, StringComparison.Ordinal);
        books.Succeeds(gone, [], "changed=0");
    }

    private static Task<string> SecretsAsync(LabCluster cluster, string unit) =>
        File.ReadAllTextAsync(Path.Combine(cluster.Unit(unit).Folder, "etc", "web.json"), TestContext.Current.CancellationToken);
}
