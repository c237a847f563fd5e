using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Keys;

public sealed class ClusterKeysTests
{
    private static readonly ClusterKey First = new([.. Enumerable.Repeat((byte)1, ClusterKey.Size)]);
    private static readonly ClusterKey Second = new([.. Enumerable.Repeat((byte)2, ClusterKey.Size)]);

    [Fact]
    public void A_key_file_of_each_phase_is_read_back()
    {
        var alone = new ClusterKeys(First);
        Assert.Equal(First.ToFileText(), alone.ToFileText());
        foreach (var keys in (ClusterKeys[])[alone, alone.With(Second, ["gw1", "gw2"]), alone.With(Second, ["gw1", "gw2"]).Advanced()])
        {
            Assert.True(ClusterKeys.TryParse(keys.ToFileText(), out var read, out _));
            Assert.Equal(
                (keys.Phase, keys.Former.Id, keys.Next.Id, keys.Sending.Id),
                (read.Phase, read.Former.Id, read.Next.Id, read.Sending.Id)
            );
            Assert.Equal(keys.Members, read.Members);
            Assert.Equal(keys.Accepted.Select(key => key.Id), read.Accepted.Select(key => key.Id));
        }
    }

    [Fact]
    public void What_is_sent_changes_in_the_second_phase_and_the_former_key_goes_in_the_third()
    {
        var accepts = new ClusterKeys(First).With(Second, ["gw1"]);
        Assert.Equal([First.Id, Second.Id], accepts.Accepted.Select(key => key.Id));
        var sends = accepts.Advanced();
        Assert.Equal([Second.Id, First.Id], sends.Accepted.Select(key => key.Id));
        var done = sends.Advanced();
        Assert.Equal([Second.Id], done.Accepted.Select(key => key.Id));
        Assert.False(done.IsRotating);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("next nonsense gw1")]
    [InlineData("next KEY")]
    [InlineData("next KEY gw1\nformer KEY gw1")]
    public void A_second_line_that_is_damaged_gets_a_remedy(string line)
    {
        var text = First.ToFileText() + line.Replace("KEY", Second.ToFileText().Trim(), StringComparison.Ordinal) + "\n";
        Assert.False(ClusterKeys.TryParse(text, out _, out var error));
        Assert.Contains("; ", error, StringComparison.Ordinal);
    }
}
