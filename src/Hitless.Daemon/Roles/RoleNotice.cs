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
        var told = "";
        try
        {
            while (true)
            {
                var change = control.Changes.Next;
                var view = await control.ViewAsync();
                var held = view.Hold is { } hold ? $", held{(hold.Reason.Length == 0 ? "" : $" ({hold.Reason})")}" : "";
                var text = $"{Words(view.Self.Role)}{held}, epoch {view.Epoch.Number}: {view.Reason}";
                if (text != told)
                {
                    ServiceNotice.Status(told = text);
                }

                await Task.WhenAny(change, control.Stopped).WaitAsync(cancel);
            }
        }
        catch (OperationCanceledException) when (control.Stopped.IsCompleted)
        {
            // The unit has left the cluster.
        }
    }

    private static string Words(UnitRole role) => role.ToString().ToLowerInvariant();
}
