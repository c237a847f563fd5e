using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

public sealed class VirtualMacJudgeTests
{
    private readonly VirtualMacJudge judge = new();

    [Theory]
    [InlineData(true, true, VirtualMacVerdict.Passes)]
    [InlineData(false, true, VirtualMacVerdict.Passes)]
    [InlineData(true, false, VirtualMacVerdict.NothingTo)]
    [InlineData(false, false, VirtualMacVerdict.NothingFrom)]
    public void Rounds_that_agree_are_a_verdict(bool broadcastAnswered, bool directAnswered, VirtualMacVerdict verdict)
    {
        Assert.Equal(VirtualMacVerdict.NotKnown, judge.Verdict);
        for (var round = 0; round < 3; round++)
        {
            judge.Take(primaryHeard: true, broadcastAnswered, directAnswered);
        }

        Assert.Equal(verdict, judge.Verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lost_frames_now_and_then_are_none(bool broadcastAnswered)
    {
        for (var round = 0; round < 30; round++)
        {
            judge.Take(primaryHeard: true, broadcastAnswered: round % 3 == 0 || broadcastAnswered, directAnswered: round % 3 == 0);
            Assert.NotEqual(VirtualMacVerdict.NothingTo, judge.Verdict);
            Assert.NotEqual(VirtualMacVerdict.NothingFrom, judge.Verdict);
        }
    }

    [Fact]
    public void Where_no_primary_is_heard_nothing_is_said_and_what_was_said_is_taken_back()
    {
        for (var round = 0; round < 5; round++)
        {
            judge.Take(primaryHeard: false, broadcastAnswered: false, directAnswered: false);
            Assert.Equal(VirtualMacVerdict.NotKnown, judge.Verdict);
        }

        for (var round = 0; round < 5; round++)
        {
            judge.Take(primaryHeard: true, broadcastAnswered: false, directAnswered: false);
        }

        Assert.Equal(VirtualMacVerdict.NothingFrom, judge.Verdict);
        judge.Take(primaryHeard: false, broadcastAnswered: false, directAnswered: false);
        Assert.Equal(VirtualMacVerdict.NotKnown, judge.Verdict);
    }
}
