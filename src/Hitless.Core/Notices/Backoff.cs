namespace Hitless.Core.Notices;

/// <summary>How long to wait before something that was not taken is told again: 1 s, doubled each time, at most 5 minutes.</summary>
public struct Backoff
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(5);
    private TimeSpan last;

    /// <summary>It was not taken; the time to wait.</summary>
    public TimeSpan Next()
    {
        var doubled = last * 2;
        last =
            doubled < Least ? Least
            : doubled > Most ? Most
            : doubled;
        return last;
    }

    /// <summary>It was taken.</summary>
    public void Reset() => last = TimeSpan.Zero;
}
