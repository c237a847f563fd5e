namespace Hitless.Simulator.Time;

/// <summary>
/// Virtual time: what is to happen, in order. What falls on the same instant happens in the order in which it was planned.
/// </summary>
internal sealed class Timeline
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> plan = new();
    private long order;

    /// <summary>Now, since the simulation began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How much has happened.</summary>
    public long EventCount { get; private set; }

    /// <summary>Plans something for later.</summary>
    public void After(TimeSpan delay, Action happening) => At(Now + delay, happening);

    /// <summary>Plans something for an instant, which is not in the past.</summary>
    public void At(TimeSpan instant, Action happening) => plan.Enqueue(happening, (instant < Now ? Now : instant, order++));

    /// <summary>Lets happen all that is planned up to <paramref name="end"/>, as long as <paramref name="going"/>.</summary>
    public void RunUntil(TimeSpan end, Func<bool> going)
    {
        while (going() && plan.TryPeek(out _, out var next) && next.At <= end)
        {
            var happening = plan.Dequeue();
            Now = next.At;
            EventCount++;
            happening();
        }

        Now = end;
    }
}
