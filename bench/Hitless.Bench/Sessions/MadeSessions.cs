using System.Diagnostics;
using System.Net;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;

namespace Hitless.Bench.Sessions;

/// <summary>
/// TCP sessions behind source translation, made over netlink by a socket that belongs to nobody: to a listener they are the kernel's own.
/// </summary>
internal static class MadeSessions
{
    private static readonly UInt128 Inside = Number("172.16.0.1");
    private static readonly UInt128 Outside = Number("192.0.2.1");
    private static readonly UInt128 Gateway = Number("10.92.2.1");

    /// <summary>The session of a number: always the same.</summary>
    public static SessionRecord Session(int number)
    {
        var original = new SessionTuple(
            Inside + (UInt128)(number / 50_000),
            Outside + (UInt128)(number / 50_000),
            (ushort)((number % 50_000) + 2000),
            443
        );
        return new SessionRecord(
            new SessionKey(false, Protocols.Tcp, 0, original),
            original.Inverted(Protocols.Tcp) with
            {
                Destination = Gateway,
            },
            SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured,
            100_000,
            0,
            new TcpProgress(TcpState.Established, 3, 3, 7, 7)
        );
    }

    /// <summary>Makes <paramref name="count"/> sessions that are not there.</summary>
    public static int Fill(ConntrackTable table, int first, int count)
    {
        for (var i = first; i < first + count; i++)
            table.Put(Session(i) with { IsNew = true });
        table.Flush();
        return count;
    }

    /// <summary>The same at a rate, a millisecond's worth at a time; gives the rate that was reached.</summary>
    public static double FillAt(ConntrackTable table, int first, int count, int rate)
    {
        var clock = Stopwatch.StartNew();
        for (var made = 0; made < count; )
        {
            var due = Math.Min(count, (int)(clock.Elapsed.TotalSeconds * rate));
            if (due == made)
                Thread.Sleep(1);
            made += Fill(table, first + made, due - made);
        }

        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>
    /// In a table of so many, <paramref name="rate"/> sessions a second end and as many begin; <paramref name="tell"/> is called ten times
    /// with the time so far.
    /// </summary>
    public static void Churn(ConntrackTable table, int sessions, int rate, TimeSpan duration, Action<TimeSpan> tell)
    {
        var clock = Stopwatch.StartNew();
        for (var (round, told) = (0, 0); clock.Elapsed < duration; )
        {
            // A tenth of a second's worth; what is made anew is another session each time.
            for (var i = 0; i < rate / 10; i++)
            {
                var number = (int)((((long)round * (rate / 10)) + i) % sessions);
                table.Delete(Session(number).Key);
                table.Put(Session(number) with { Mark = (uint)round, IsNew = true });
            }

            table.Flush();
            var ahead = TimeSpan.FromSeconds(++round * 0.1) - clock.Elapsed;
            if (ahead > TimeSpan.Zero)
                Thread.Sleep(ahead);
            if (clock.Elapsed < (told + 1) * duration / 10)
                continue;
            told++;
            tell(clock.Elapsed);
        }
    }

    private static UInt128 Number(string address) => SessionTuple.Number(IPAddress.Parse(address));
}
