namespace Hitless.Core.Web;

/// <summary>
/// How long an attempt to log in has to wait after wrong ones: nothing for the first three, then a second, doubled with each further one.
/// Nobody is ever locked out. What is counted (an address, a user's name) is the caller's; <paramref name="longest"/> bounds its wait.
/// Forgets what was quiet for an hour, and the oldest where there are too many.
/// </summary>
public sealed class LoginDelays(TimeSpan longest)
{
    private const int FreeAttempts = 3;
    private const int KeptMax = 2000;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);
    private readonly Dictionary<string, Failures> failures = new(StringComparer.Ordinal);

    /// <summary>What is left to wait at <paramref name="now"/> (a monotonic clock); zero: the attempt may be judged.</summary>
    public TimeSpan Left(string key, TimeSpan now) =>
        failures.TryGetValue(key, out var known) && known.Until > now ? known.Until - now : TimeSpan.Zero;

    /// <summary>The attempt was wrong.</summary>
    public void Failed(string key, TimeSpan now)
    {
        var count = failures.TryGetValue(key, out var known) && now - known.Last < Forgotten ? known.Count + 1 : 1;
        var wait = count <= FreeAttempts ? TimeSpan.Zero : First * Math.Pow(2, Math.Min(count - FreeAttempts - 1, 20));
        if (!failures.ContainsKey(key) && failures.Count >= KeptMax)
        {
            failures.Remove(failures.MinBy(each => each.Value.Last).Key);
        }

        failures[key] = new Failures(count, now, now + (wait < longest ? wait : longest));
    }

    /// <summary>The attempt was right: what was before is forgotten.</summary>
    public void Succeeded(string key) => failures.Remove(key);

    private readonly record struct Failures(int Count, TimeSpan Last, TimeSpan Until);
}
