using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Balance;
using Hitless.Daemon.Control;

namespace Hitless.Daemon;

/// <content>Load balancing: when it has to be off.</content>
public sealed partial class Unit
{
    private static readonly TimeSpan DrawBackTimeout = TimeSpan.FromSeconds(2);

    private BalanceLoop? Balance => acts.Balance;

    private BalanceLoop OpenBalance(UnitIdentity identity)
    {
        return acts.Balance = new BalanceLoop(
            settings,
            identity.Id,
            control,
            sessions,
            new BalancePeers((identity.Id, Name), control, sessions, peers),
            events
        )
        {
            WhyOff = WhyBalanceOff,
            Complete = async unit =>
            {
                if (await AuditAsync(unit) is > 0 and var told)
                {
                    events.Add(EventKinds.Sessions, $"{told} sessions that others had made while {unit} joined were told to it");
                }
            },
        };
    }

    /// <summary>Brings all flows back to this unit, if it shares any out.</summary>
    private Task<bool> DrawBackAsync() => Balance?.DrawBackAsync(DrawBackTimeout, ending.Token) ?? Task.FromResult(true);

    private string? WhyBalanceOff() => RunJournal.HoldsLoad(journals.Last()) ? "an upgrade is under way" : null;

    /// <summary>What the others carry comes back before it is handed over.</summary>
    private async Task StopAsync()
    {
        try
        {
            _ = await DrawBackAsync();
        }
        finally
        {
            control.RequestStop();
        }
    }

    /// <summary>
    /// Before a switchover that somebody asks for: the flows come back to this unit, whose sessions its successor waits for; then the
    /// others are told what a takeover needs.
    /// </summary>
    private async Task PrepareSwitchAsync()
    {
        _ = await DrawBackAsync();
        await Task.WhenAll(neighbours.TellAsync(ending.Token), traffic.TellAsync(planned: true, ending.Token));
    }
}
