using System.Diagnostics;
using System.IO.Pipes;
using Hitless.Linux.Processes;
using Xunit;

namespace Hitless.Linux.Tests.Processes;

public sealed class InheritedDescriptorTests
{
    [Fact]
    public void What_is_kept_from_children_is_not_open_there()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var number = pipe.GetClientHandleAsString();
        Assert.True(IsOpenInChild(number));
        Assert.True(InheritedDescriptor.TryKeepFromChildren(number));
        Assert.False(IsOpenInChild(number));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("999999")]
    [InlineData("99999999999999999999")]
    [InlineData("pipe")]
    public void What_is_no_descriptor_is_none(string text) => Assert.False(InheritedDescriptor.TryKeepFromChildren(text));

    private static bool IsOpenInChild(string number)
    {
        using var child = Process.Start("test", ["-e", $"/proc/self/fd/{number}"]);
        child.WaitForExit();
        return child.ExitCode == 0;
    }
}
