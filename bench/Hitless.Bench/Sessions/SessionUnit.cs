using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Daemon.Sessions;

namespace Hitless.Bench.Sessions;

/// <summary>
/// One unit's session loop as a process of its own (<c>session-unit a send</c>, <c>session-unit b follow</c>), in the namespace that it is
/// started in. Says "synced"; ends with its standard input.
/// </summary>
internal static class SessionUnit
{
    /// <summary>A line that lets a follower ask for all of it once more; any other line is answered with the counters.</summary>
    public const string Fetch = "fetch";

    public static int Run(string unit, string role)
    {
        var (id, own, other) = unit == "a" ? (1UL, "10.92.9.1", "10.92.9.2") : (2UL, "10.92.9.2", "10.92.9.1");
        var settings = new UnitSettings(
            new ClusterSettings("bench", 7, false, "/nowhere"),
            new IdentitySettings(unit, 100, false),
            new HeartbeatSettings(
                [new HeartbeatLinkSettings("hb0", IPAddress.Parse(own), [IPAddress.Parse(other)])],
                TimeSpan.FromMilliseconds(20),
                4,
                8417
            ),
            [],
            new SessionSettings(true, true, true, true, TimeSpan.Zero, []),
            [],
            [],
            new UpgradeSettings(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, null, 0)
        );
        var incarnation = new UInt128((ulong)Random.Shared.NextInt64(), (ulong)Random.Shared.NextInt64());
        using var loop = new SessionLoop(settings, new ClusterKeys(new ClusterKey(new byte[32])), new(id), new(incarnation), notice =>
        {
            if (notice.Kind == SessionNoticeKind.Synced)
                Console.WriteLine("synced");
        });
        loop.SetRole(role == "send", role == "send" ? null : new UnitId(1));
        while (Console.ReadLine() is { } line)
        {
            if (line == Fetch)
            {
                loop.SetRole(false, null);
                loop.SetRole(false, new UnitId(1));
                continue;
            }

            var status = loop.StatusAsync().GetAwaiter().GetResult();
            Console.WriteLine(status);
        }

        return 0;
    }
}
