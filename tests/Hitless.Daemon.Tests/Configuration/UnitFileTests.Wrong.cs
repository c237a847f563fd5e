using System.Net;
using System.Text;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <content>Files that are refused.</content>
public sealed partial class UnitFileTests
{
    [Theory]
    [InlineData(
        "  priority: 200",
        "  prioritty: 200",
        "8:3: unknown key \"prioritty\" in unit; expected name, priority, weight, override, slots, commands-from, values "
            + "(did you mean \"priority\"?)"
    )]
    [InlineData(
        "  priority: 200",
        "  priority: 256",
        "8:13: unit.priority: \"256\" is out of range; expected a whole number from 0 to 255"
    )]
    [InlineData(
        "  priority: 200",
        "  priority: \"200\"",
        "8:13: unit.priority: \"200\" is in quotes; expected a whole number from 0 to 255"
    )]
    [InlineData("  priority: 200", "  priority: [200]", "8:13: unit.priority is a list; expected a whole number from 0 to 255")]
    [InlineData("  priority: 200", "  name: gw2", "8:3: \"name\" is given twice in unit; expected it once")]
    [InlineData("  override: false", "  override: no", "9:13: unit.override: \"no\" is not valid; expected true or false")]
    [InlineData(
        "  override: false",
        "  slots: rauk",
        "9:10: unit.slots: \"rauk\" is not valid (did you mean \"rauc\"?); expected directory or rauc"
    )]
    [InlineData("  group: 7 ", "  group: 1024 ", "3:10: cluster.group: \"1024\" is out of range; expected a whole number from 0 to 1023")]
    [InlineData(
        "active-passive ",
        "active-pasive ",
        "4:9: cluster.mode: \"active-pasive\" is not valid (did you mean \"active-passive\"?); expected active-passive or active-active"
    )]
    [InlineData(
        "health:",
        "balance: { schedule: hub }\nhealth:",
        "24:22: balance.schedule: \"hub\" is not supported: no unit but the primary receives the frames; expected none or ip or "
            + "weighted-round-robin"
    )]
    [InlineData(
        "name: gw1",
        "name: Gw1",
        "7:9: unit.name: \"Gw1\" is not valid; expected a name of at most 32 letters a-z, digits and dashes, not beginning with a dash"
    )]
    [InlineData("  name: gw1", "", "8:3: unit.name is missing; expected a name")]
    [InlineData(
        "\"tcp dport 5432\"",
        "\"tcp dprot 5432\"",
        "20:14: sessions.critical[1]: \"tcp dprot 5432\" is not understood at \"dprot\"; expected words of nftables' such as"
    )]
    [InlineData(
        "interval: 20ms",
        "interval: 20",
        "13:13: heartbeat.interval: \"20\" has no unit (ms, s, m, h); expected a duration from 5ms to 10s"
    )]
    [InlineData(
        "interval: 20ms",
        "interval: 4ms",
        "13:13: heartbeat.interval: \"4ms\" is out of range; expected a duration from 5ms to 10s"
    )]
    [InlineData(
        "lost-threshold: 4",
        "lost-threshold: 1",
        "14:19: heartbeat.lost-threshold: \"1\" is out of range; expected a whole number from 2 to 255"
    )]
    [InlineData("ping: 10.10.2.10", "weight: 2", "25:5: the probe has no target; expected exactly one of ping, tcp, http, memory, load")]
    [InlineData(
        "ping: 10.10.2.10",
        "ping: 10.10.2.10, load: 100",
        "25:5: the probe has ping and load; expected exactly one of ping, tcp, http, memory, load"
    )]
    [InlineData(
        "ping: 10.10.2.10",
        "tcp: 10.10.2.10",
        "25:28: health[1].tcp: \"10.10.2.10\" is not an address with a port; expected an address and port such as "
            + "10.10.2.10:443 or [fd00:2::10]:443"
    )]
    [InlineData(
        "ping: 10.10.2.10",
        "http: ftp://10.10.2.10/",
        "25:29: health[1].http: \"ftp://10.10.2.10/\" is not the address of a page; expected a page such as http://10.10.2.10/health"
    )]
    [InlineData(
        "peers: [10.10.9.2]",
        "peers: [fd00::2]",
        "12:53: peer fd00::2 is of another address family than the link's own address 10.10.9.1; expected both IPv4 or both IPv6"
    )]
    [InlineData(
        "peers: [10.10.9.2]",
        "peers: [10.10.9.2, 10.10.9.3, 10.10.9.4, 10.10.9.5]",
        "12:52: heartbeat.links[1].peers has 4 entries; expected 0 to 3"
    )]
    [InlineData(
        "peers: [10.10.9.2]",
        "peers: [10.10.9]",
        "12:53: heartbeat.links[1].peers[1]: \"10.10.9\" is not an IP address; expected an IP address"
    )]
    [InlineData("[10.10.2.1/24]", "[10.10.1.1/25]", "17:39: virtual address 10.10.1.1 stands in line 16 already; expected each only once")]
    [InlineData(
        "[10.10.2.1/24]",
        "[10.10.2.0/24]",
        "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.0/24\" is the network, not an address in it"
    )]
    [InlineData("[10.10.2.1/24]", "[10.10.2.1]", "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.1\" has no prefix length")]
    [InlineData(
        "[10.10.2.1/24]",
        "[10.10.2.1/33]",
        "17:39: interfaces[2].virtual-addresses[1]: \"10.10.2.1/33\" has a prefix length outside 1 to 32"
    )]
    [InlineData("name: wan0", "name: lan0", "17:13: the interface lan0 stands in line 16 already")]
    [InlineData(
        "name: wan0",
        "name: a-very-long-port-name",
        "17:13: interfaces[2].name: \"a-very-long-port-name\" is not valid; expected the name of an interface"
    )]
    [InlineData(
        "name: wan0",
        "virtual-mac-id: 16384, name: wan0",
        "17:23: interfaces[2].virtual-mac-id: \"16384\" is out of range; expected a whole number from 0 to 16383"
    )]
    [InlineData(
        "sat 02:00-04:00",
        "sat 02:00-24:00",
        "29:13: upgrade.windows[1]: \"sat 02:00-24:00\" is not valid; expected a time of the week as"
    )]
    [InlineData(
        "path: /etc/nftables.conf",
        "path: /etc/../root/x",
        "23:15: configuration.files[1].path: \"/etc/../root/x\" is not valid; expected an absolute path"
    )]
    [InlineData(
        "path: /etc/nftables.conf",
        "path: /etc/hitless/cluster.key",
        "23:15: /etc/hitless/cluster.key is this unit's own; expected a file that is the same on every unit"
    )]
    [InlineData("name: edge", "name: &a edge", "2:9: an anchor or a tag; expected the plain value")]
    [InlineData("name: edge", "name: *a", "2:9: alias *a; expected the value itself (anchors and aliases are not used here)")]
    [InlineData("  name: edge", "\tname: edge", "2:1: not YAML: a line is indented with a tab; expected spaces")]
    public void What_is_wrong_is_refused_with_its_place_and_what_was_expected(string right, string wrong, string message)
    {
        Assert.Contains(right, Full, StringComparison.Ordinal);
        var index = Full.IndexOf(right, StringComparison.Ordinal);
        var problems = Refuse(Full[..index] + wrong + Full[(index + right.Length)..]);
        Assert.StartsWith("/etc/hitless/unit.yaml:" + message, Assert.Single(problems).ToString());
    }

    [Fact]
    public void All_problems_are_listed_in_the_order_of_the_file()
    {
        var problems = Refuse(
            Full.Replace("group: 7", "group: -1")
                .Replace("soak: 10s", "soak: soon")
                .Replace("10.10.2.1/24", "10.10.1.1/24")
                .Replace("health:", "heath:")
        );
        Assert.Equal([3, 17, 24, 27], problems.Select(p => p.Line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("just text")]
    [InlineData("[a, list]")]
    [InlineData("a: 1\n---\nb: 2\n")]
    public void A_file_that_is_no_map_of_sections_is_refused(string text) => Assert.NotEmpty(Refuse(text));

    [Fact]
    public void Invalid_UTF8_is_refused_with_its_place()
    {
        Assert.False(UnitFile.TryParse([.. "cluster:\n  name: "u8, 0xff, (byte)'\n'], "unit.yaml", null, out _, out var problems));
        Assert.Equal("unit.yaml:2:9: byte 0xff is not UTF-8; expected text in UTF-8", Assert.Single(problems).ToString());
    }

    [Fact]
    public void A_file_that_is_too_large_or_too_deep_is_refused()
    {
        Assert.Contains("larger than 1024 KiB", Assert.Single(Refuse(new string('#', UnitFile.LengthMaxBytes + 1))).Text);
        Assert.Contains("nested too deep", Assert.Single(Refuse(new string('[', 100_000))).Text);
        Assert.Contains("nested too deep", Assert.Single(Refuse(string.Concat(Enumerable.Repeat("- ", 100_000)))).Text);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_a_problem_like_others()
    {
        Assert.False(UnitFile.TryRead("/nowhere/unit.yaml", "/nowhere/cluster.yaml", out _, out var problems));
        Assert.Contains("cannot be read", Assert.Single(problems).Text);
    }

    [Fact]
    public void Mutated_files_are_read_or_refused_but_nothing_is_ever_thrown()
    {
        var random = new Random(20260401);
        var alphabet = "{}[]:,-&*!|>'\"%@`#? \n\t\0ä0aZ/."u8.ToArray();
        var valid = Encoding.UTF8.GetBytes(Full);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = (byte[])valid.Clone();
            for (var n = random.Next(1, 12); n > 0; n--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(4) switch
                {
                    0 => [.. bytes[..at], alphabet[random.Next(alphabet.Length)], .. bytes[at..]],
                    1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(30))..]],
                    2 => [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]],
                    _ => Changed(bytes, at, (byte)random.Next(256)),
                };
                bytes = bytes.Length is 0 or > 8192 ? [(byte)'a'] : bytes;
            }

            var read =
                i % 2 == 0
                    ? UnitFile.TryParse(bytes, "unit.yaml", null, out _, out var problems)
                    : UnitFile.TryParse(valid, "unit.yaml", bytes, out _, out problems);
            Assert.Equal(read, problems.Count == 0);
            Assert.All(problems, p => Assert.True(p.Line >= 1 && p.Column >= 1 && !p.Text.Contains('\n')));
        }
    }

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }
}
