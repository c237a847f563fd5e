using Hitless.Daemon.Sessions;

namespace Hitless.Daemon.Control;

/// <summary>
/// What the cluster machine wants of the session loop, kept in order while that is not there yet (docs/decisions/0034). Belongs to the
/// control loop's thread.
/// </summary>
internal sealed class SessionOrders
{
    private readonly List<Action<SessionLoop>> waiting = [];
    private SessionLoop? loop;

    /// <summary>The loop is there: it gets what has waited.</summary>
    public void Attach(SessionLoop sessions)
    {
        loop = sessions;
        waiting.ForEach(order => order(sessions));
        waiting.Clear();
    }

    /// <summary>Gives an order, now or when the loop is there.</summary>
    public void Give(Action<SessionLoop> order)
    {
        if (loop is null)
        {
            waiting.Add(order);
        }
        else
        {
            order(loop);
        }
    }
}
