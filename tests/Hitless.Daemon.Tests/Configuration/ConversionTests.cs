using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Tests.Firmware;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class ConversionTests : IDisposable
{
    private const string UnitYaml = """
        cluster: { name: edge }
        unit: { name: gw1, values: { router-id: 10.0.0.1 } }
        heartbeat: { links: [{ interface: hb0, address: 10.0.0.1, peers: [10.0.0.2] }] }
        interfaces: [{ name: lan0, virtual-addresses: [10.1.0.1/24] }]
        sessions: { pickup: { delay: 30s } }
        health: [{ name: upstream, ping: 10.2.0.10 }]
        """;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly Revision Head = RevisionIdentity.Next(
        null,
        1,
        [new ManagedFile("/etc/a.conf", "a"u8.ToArray(), "test {file}", null, "0644")],
        "anna",
        "",
        DateTimeOffset.UnixEpoch
    );
    private readonly Workshop _shop = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string UnitFile => _shop.PathOf("unit.yaml");

    public void Dispose() => _shop.Dispose();

    [Fact]
    public void The_converter_says_what_it_has_understood_with_defaults()
    {
        var (code, said) = Convert(UnitYaml);
        Assert.Equal(0, code);
        Assert.StartsWith("hitless-configuration 3\n", said);
        foreach (
            var line in new[]
            {
                "sessions.pickup.delay = 30s",
                "unit.values.router-id = 10.0.0.1",
                "heartbeat.links[hb0].peers[1] = 10.0.0.2",
                "heartbeat.interval = 20ms",
                "health[upstream].fail-after = 3",
                "files[/etc/a.conf].check = test {file}",
            }
        )
        {
            Assert.Contains($"\n{line}\n", said);
        }

        Assert.Equal(ConversionPreview.Write(ConversionPreview.Read(said)!), said);
    }

    [Fact]
    public void What_this_version_does_not_read_is_refused_with_its_place()
    {
        Assert.Equal((1, "/etc/hitless/unit.yaml:1:1"), Convert("unit: 7") is var (code, said) ? (code, said[..26]) : default);
        Assert.Equal(2, ConfigurationConverter.Run(new MemoryStream("no json"u8.ToArray()), TextWriter.Null, TextWriter.Null));
    }

    [Fact]
    public void Lost_and_changed_statements_are_named_and_new_ones_are_none()
    {
        Statement[] before = [new("a", "1"), new("b", "2"), new("c", "3")];
        Statement[] after = [new("a", "1"), new("c", "4"), new("d", "5")];
        Assert.Equal(["b (now 2) is lost", "c changes from 3 to 4"], ConversionPreview.Compare(before, after).Select(c => c.ToString()));
        Assert.Null(ConversionPreview.Read("garbage\na = b"));
    }

    [Theory]
    [InlineData("cat good", "pass", "version 1.0.3 keeps all ")]
    // Two headings and lo: it sees no network.
    [InlineData("[ $(wc -l < /proc/net/dev) = 3 ] && cat good", "pass", "version 1.0.3 keeps all ")]
    [InlineData(
        "grep -v '^health.upstream..interval = ' good",
        "fail",
        "version 1.0.3 would not keep the configuration: health[upstream].interval (now 1s) is lost"
    )]
    [InlineData(
        "sed 's/^sessions.pickup.delay = .*/sessions.pickup.delay = 0s/' good",
        "fail",
        "sessions.pickup.delay changes from 30s to 0s"
    )]
    [InlineData(
        "echo 'unit.yaml:5:3: unknown key' >&2; exit 1",
        "fail",
        "version 1.0.3 does not read the configuration: unit.yaml:5:3: unknown key"
    )]
    [InlineData("exit 1", "warn", "version 1.0.3 has no converter that answers (exit code 1)")]
    [InlineData("exec sleep 1000", "warn", "version 1.0.3 has no converter that answers (it did not end in time)")]
    [InlineData("exec yes", "warn", "version 1.0.3 has no converter that answers (it printed more than 4 MB)")]
    [InlineData("exec yes >&2", "warn", "version 1.0.3 has no converter that answers (it printed more than 4 MB)")]
    public async Task The_preview_names_what_an_image_would_do_to_the_real_configuration(string script, string result, string text)
    {
        File.WriteAllText(UnitFile, UnitYaml);
        var good = _shop.PathOf("good");
        File.WriteAllText(
            good,
            ConversionPreview.Write(
                ConfigurationConverter.Convert(new ConversionQuestion(UnitFile, Encoding.UTF8.GetBytes(UnitYaml), Head.Files), out _)!
            )
        );
        using var image = Workshop.Open(_shop.MakeImage("1.0.3", script.Replace("good", good)));
        using var converter = new ImageConverter(
            UnitFile,
            new LocalConverter(_shop.State, TimeSpan.FromSeconds(script.Contains("sleep", StringComparison.Ordinal) ? 0.5 : 10))
        );
        var check = await converter.CheckAsync(image, new string('a', 64), Head, accepted: false, Cancel);
        Assert.Equal(CheckOutcome.Of(result), check.Result);
        Assert.Contains(text, check.Text);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_shop.State));
        var accepted = await converter.CheckAsync(image, new string('a', 64), Head, accepted: true, Cancel);
        Assert.Equal(check.Result == CheckOutcome.Fail ? CheckOutcome.Warn : check.Result, accepted.Result);
    }

    /// <summary>A timer may fire some milliseconds before a stopwatch says that its time is over.</summary>
    [Fact]
    public async Task A_late_converter_is_never_called_a_talkative_one()
    {
        File.WriteAllText(UnitFile, UnitYaml);
        using var image = Workshop.Open(_shop.MakeImage("1.0.3", "exec sleep 1000"));
        using var converter = new ImageConverter(UnitFile, new LocalConverter(_shop.State, TimeSpan.FromMilliseconds(25)));
        for (var attempt = 0; attempt < 30; attempt++)
        {
            var check = await converter.CheckAsync(image, $"{attempt:x64}", Head, accepted: false, Cancel);
            Assert.Contains("(it did not end in time)", check.Text);
        }
    }

    private static (int Code, string Said) Convert(string unitYaml)
    {
        var question = new ConversionQuestion("/etc/hitless/unit.yaml", Encoding.UTF8.GetBytes(unitYaml), Head.Files);
        using var input = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(question, Json));
        using var output = new StringWriter();
        return (ConfigurationConverter.Run(input, output, output), output.ToString());
    }
}
