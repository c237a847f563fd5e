using Hitless.Core.Api;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Control;

/// <summary>How the daemon ends so that hitless-boot starts something else than before.</summary>
public sealed class UnitExit(string self, ControlLoop control, EventLog events)
{
    /// <summary>What the process is to exit with, once the unit has stopped; 0: nobody asked for another start.</summary>
    public int Code { get; set; }

    /// <summary>
    /// Ends it with <paramref name="code"/>; <paramref name="inService"/>: nobody is handed over to, the kernel carries the traffic
    /// meanwhile. Returns at once.
    /// </summary>
    public void Request(int code, string why, bool inService)
    {
        Code = code;
        events.Add(EventKinds.Unit, $"{self} restarts: {why}");
        _ = Task.Run(async () =>
        {
            // The answer to who asked goes out first.
            await Task.Delay(100);
            if (inService)
            {
                control.EndForRestart();
            }
            else
            {
                control.RequestStop();
            }
        });
    }
}
