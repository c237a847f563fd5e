namespace Hitless.Linux.Netlink;

/// <summary>
/// What became of a request. <c>Errno</c> is 0 or the first error (positive); <c>Errors</c> counts all of them, <c>Acknowledged</c>
/// the acknowledgements; <c>Sequence</c> is the first failed message's; <c>KernelText</c> the extended acknowledgement's words.
/// </summary>
public readonly record struct NetlinkResult(int Errno, int Errors, int Acknowledged, uint Sequence, string? KernelText)
{
    public bool Succeeded => Errno == 0;

    /// <summary>Throws <see cref="NetlinkException"/> if the request failed. <paramref name="what"/> says what was tried.</summary>
    public void ThrowIfFailed(string what)
    {
        if (!Succeeded)
        {
            throw new NetlinkException(what, Errno, KernelText);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Succeeded ? "done" : NetlinkException.Describe("netlink", Errno, KernelText);
}
