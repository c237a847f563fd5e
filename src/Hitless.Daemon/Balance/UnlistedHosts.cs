using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Balance;

/// <summary>
/// The inside hosts whose flows are translated though <c>balance.on-primary</c> lists no network of theirs: what this unit's kernel has
/// shown since it was started, and what other units say. For several threads.
/// </summary>
public sealed class UnlistedHosts(TranslatedSessions translated, SessionLoop sessions, BalanceKernel kernel)
{
    /// <summary>So many are kept on the primary one by one; with more the list has to be corrected first.</summary>
    public const int Max = 1024;

    // Sessions of hosts that are not inside, such as containers on this machine, would wake it again and again.
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(100);
    private readonly Lock gate = new();
    private readonly HashSet<HostAddress> hosts = [];
    private volatile IReadOnlyList<HostAddress> found = [];
    private TimeSpan lookedAt;

    /// <summary>All of them as of now; it changes by another list in its place.</summary>
    public IReadOnlyList<HostAddress> Found => found;

    /// <summary>
    /// Ends when a session shows a host; not so soon after <see cref="LookAsync"/>, which is called from time to time anyway.
    /// </summary>
    public Task Next => MonotonicClock.Now >= lookedAt + WakeInterval ? translated.Seen.Next : new TaskCompletionSource().Task;

    /// <summary>Looks which of the hosts that sessions have shown of late are on the inside.</summary>
    public async Task LookAsync()
    {
        var fresh = translated.Take();
        if (fresh.Count == 0)
        {
            return;
        }

        lookedAt = MonotonicClock.Now;
        foreach (var (address, side) in await kernel.SidesOfAsync([.. fresh.Select(host => host.Address)]))
        {
            if (side == PortSide.Inside)
            {
                Add(HostAddress.Of(address));
            }
        }
    }

    /// <summary>Looks through all sessions that stand, as a unit does that has not seen them begin.</summary>
    public async Task LookThroughTableAsync()
    {
        var (_, found) = await sessions.ListAsync(Max, record => translated.IsUnlisted(record));
        foreach (var (record, _) in found)
        {
            translated.OnSession(record);
        }

        await LookAsync();
    }

    /// <summary>Another unit says that it translates this host's flows.</summary>
    public void Add(HostAddress host)
    {
        lock (gate)
        {
            if (hosts.Count < Max && hosts.Add(host))
            {
                found = [.. found, host];
                translated.Know(host);
            }
        }
    }
}
