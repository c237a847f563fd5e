using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Common;

/// <summary>What is to be said once a minute, and in all ten times in that: whoever brings it about may do so for ever.</summary>
public sealed class RareNews
{
    private const int NewsMax = 10;
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private readonly HashSet<string> said = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private TimeSpan forgetAt;

    /// <summary>Whether it is to be said.</summary>
    public bool IsNew(string text)
    {
        lock (gate)
        {
            var now = MonotonicClock.Now;
            if (now >= forgetAt)
            {
                said.Clear();
                forgetAt = now + Quiet;
            }

            return said.Count < NewsMax && said.Add(text);
        }
    }
}
