using System.Globalization;
using Hitless.Core.Api;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Roles;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Rights;

/// <summary>The process hitless-apply: a mode of hitlessd's program, so that both are of one version (docs/decisions/0078).</summary>
internal static class ApplyProcess
{
    private const int Usage = 2;
    private const int NoConfiguration = 1;

    /// <summary>Runs as hitless-apply if these arguments say so; null: they are hitlessd's own. Else the exit code.</summary>
    public static int? Run(string[] args) =>
        args switch
        {
            [ApplyKeeper.Option, var parent, .. var rest] => ApplyKeeper.Run(parent, rest),
            [ApplyServer.Option, var generation, .. var rest] => Serve(generation, rest),
            _ => null,
        };

    private static int Serve(string generation, string[] args)
    {
        using var deaf = DeafToSignals.Enter();
        ProcessName.Set(ProcessName.Apply);
        var number = Environment.GetEnvironmentVariable(RightsAtStart.ChannelVariable) ?? "";

        // Hooks are not told of it.
        Environment.SetEnvironmentVariable(RightsAtStart.ChannelVariable, null);
        if (
            !byte.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var own)
            || !DaemonArguments.TryParse(args, out var arguments, out _)
            || !PacketChannel.TryTakeInherited(number, out var channel)
        )
        {
            Console.Error.WriteLine("hitless-apply is started by hitlessd alone");
            return Usage;
        }

        using (channel)
        {
            var clusterFile = new ClusterFileHere(arguments.Config, arguments.State);
            if (!LastGoodUnitFile.TryRead(arguments.Config, clusterFile.RealPath, out var settings, out var problems, out _))
            {
                Console.Error.WriteLine($"hitless-apply: {(problems.Count > 0 ? $"{problems[0]}" : $"{arguments.Config} cannot be read")}");
                return NoConfiguration;
            }

            var allowed = new AllowList(settings, clusterFile, HeadIn(arguments.State), Systemd.HasTargets);
            var acts = new ApplyActs(arguments.Config, arguments.State, settings);
            using var server = new ApplyServer(channel!, allowed, acts, own, Console.Error);
            server.Run();
            return 0;
        }
    }

    private static Revision? HeadIn(string stateFolder)
    {
        try
        {
            var folder = Path.Combine(stateFolder, "configuration");
            var store = Directory.Exists(folder) ? new RevisionStore(folder) : null;
            return store?.Head is { } head ? store.Read(head.Hash) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hitless-apply: the current revision cannot be read: {e.Message}");
            return null;
        }
    }
}
