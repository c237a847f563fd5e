using System.Net;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Health;

/// <summary>Asks the witness ten times a second, and tells each time that it answers (docs/decisions/0024).</summary>
public static class WitnessLoop
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks until it is cancelled.</summary>
    public static async Task RunAsync(IPAddress witness, Action answered, CancellationToken cancel)
    {
        var target = new ProbeTarget.Ping(witness);
        using var timer = new PeriodicTimer(Every);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            if ((await ProbeQuestion.AskAsync(target, Every, work: null, cancel)).Well)
            {
                answered();
            }
        }
    }
}
