using Hitless.Core.Cluster;
using Hitless.Daemon.Control;
using Hitless.Linux.Processes;

namespace Hitless.Daemon.Roles;

/// <summary>Has <c>systemctl status hitless</c> show the unit's role and why.</summary>
internal static class RoleNotice
{
    /// <summary>Tells each change until cancelled.</summary>
    public static async Task RunAsync(ControlLoop control, CancellationToken cancel)
    {
        for (var told = ""; ; )
        {
            var change = control.Changes.Next;
            var view = await control.ViewAsync();
            var text = $"{Words(view.Self.Role)}, epoch {view.Epoch.Number}: {view.Reason}";
            if (text != told)
            {
                ServiceNotice.Status(told = text);
            }

            await change.WaitAsync(cancel);
        }
    }

    private static string Words(UnitRole role) => role.ToString().ToLowerInvariant();
}
