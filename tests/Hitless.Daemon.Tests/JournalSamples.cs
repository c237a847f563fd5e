using Hitless.Core.Upgrade;

namespace Hitless.Daemon.Tests;

/// <summary>Entries of journals, as small as they can be.</summary>
internal static class JournalSamples
{
    /// <summary>The beginning of a run of one unit from 0.9.0 to 1.0.0.</summary>
    public static JournalEntry Begin(string run, long epoch = 1, long sequence = 1, long number = 0) =>
        new(run, epoch, sequence, DateTimeOffset.UnixEpoch, "gw1", JournalEntryKind.Begin, "begin", null, null)
        {
            Header = new RunHeader(
                run,
                "hash",
                "0.9.0",
                "1.0.0",
                false,
                false,
                "gw1",
                [new RunMember("gw1", "0.9.0", "a", 1)],
                DateTimeOffset.UnixEpoch,
                1,
                1
            )
            {
                Number = number,
            },
        };
}
