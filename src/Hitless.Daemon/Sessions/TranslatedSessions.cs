using Hitless.Core.Balance;
using Hitless.Core.Forwarding;
using Hitless.Core.Sessions;
using Hitless.Daemon.Common;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <summary><see cref="TranslatedHosts"/>, fed by the session thread from the kernel's events, for any thread.</summary>
public sealed class TranslatedSessions(IReadOnlyList<AddressPrefix> listed)
{
    private readonly Lock gate = new();
    private readonly TranslatedHosts hosts = new(listed);

    /// <summary>There is something to <see cref="Take"/>.</summary>
    public ChangeSignal Seen { get; } = new();

    /// <inheritdoc cref="TranslatedHosts.IsUnlisted"/>
    public bool IsUnlisted(in SessionRecord record)
    {
        lock (gate)
        {
            return hosts.IsUnlisted(record);
        }
    }

    /// <inheritdoc cref="TranslatedHosts.Take"/>
    public IReadOnlyList<HostAddress> Take()
    {
        lock (gate)
        {
            return hosts.Take();
        }
    }

    /// <inheritdoc cref="TranslatedHosts.Know"/>
    public void Know(HostAddress host)
    {
        lock (gate)
        {
            hosts.Know(host);
        }
    }

    /// <summary>A session that stands.</summary>
    public void OnSession(in SessionRecord record)
    {
        lock (gate)
        {
            if (!hosts.OnSession(record))
            {
                return;
            }
        }

        Seen.Raise();
    }

    /// <summary>The kernel tells of a session.</summary>
    internal void OnTold(ConntrackChange change, in SessionRecord record)
    {
        if (change == ConntrackChange.Updated && record.HasNat)
        {
            OnSession(record);
        }
    }
}
