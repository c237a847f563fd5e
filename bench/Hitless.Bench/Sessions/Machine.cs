using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hitless.Linux.Conntrack;

namespace Hitless.Bench.Sessions;

/// <summary>
/// A join between two machines with a kernel each (<c>bench/machines/run</c>): there a unit that joins does not pay for the other unit's
/// events, as it does between two namespaces. Machine a does what machine b asks for, a line at a time.
/// </summary>
internal static class Machine
{
    private const int Port = 9000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string unit, int sessions, int rounds)
    {
        try
        {
            // The boot loader's last line has no end.
            Console.WriteLine();
            await (unit == "a" ? ServeAsync() : MeasureAsync(sessions, rounds));
            return 0;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or TimeoutException)
        {
            Console.WriteLine($"failed     {e.Message}");
            return 1;
        }
    }

    private static async Task ServeAsync()
    {
        using var listener = new TcpListener(IPAddress.Parse("10.92.9.1"), Port);
        listener.Start();
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        using var table = new ConntrackTable();
        ReplicationPeer? peer = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["start", var name]:
                    peer?.Dispose();
                    peer = new ReplicationPeer(name, inNamespaces: false);
                    peer.StartA();
                    break;
                case ["fill", var count]:
                    MadeSessions.Fill(table, 0, int.Parse(count, CultureInfo.InvariantCulture));
                    break;
                case ["empty"]:
                    table.Clear();
                    break;
            }

            await writer.WriteLineAsync(table.Count().ToString(CultureInfo.InvariantCulture));
        }

        peer?.Dispose();
    }

    private static async Task MeasureAsync(int sessions, int rounds)
    {
        using var client = await ConnectAsync();
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        using var table = new ConntrackTable();
        for (var round = 1; round <= rounds; round++)
        {
            Print("kernel", round, KernelLimits(table, sessions));
            foreach (var name in (string[])["hitless", "conntrackd"])
            {
                await AskAsync($"start {name}");
                await AskAsync($"fill {sessions}");
                using (var peer = new ReplicationPeer(name, inNamespaces: false))
                    Print(name, round, await JoinAsync(peer, table, sessions));
                await AskAsync("empty");
                table.Clear();
                await Task.Delay(Quiet);
            }
        }

        async Task AskAsync(string what)
        {
            await writer.WriteLineAsync(what);
            _ = await reader.ReadLineAsync() ?? throw new IOException($"machine a ended at: {what}");
        }
    }

    private static string KernelLimits(ConntrackTable table, int sessions)
    {
        var clock = Stopwatch.StartNew();
        MadeSessions.Fill(table, 0, sessions);
        var insert = clock.Elapsed;
        clock.Restart();
        SessionsBench.CountByDump();
        var dump = clock.Elapsed;
        table.Clear();
        return $"insert {insert.TotalMilliseconds:N0} ms, dump {dump.TotalMilliseconds:N0} ms: "
            + $"{(insert + dump).TotalMilliseconds:N0} ms for {sessions:N0}, nobody listening";
    }

    // Both processes run already and have fetched all of it once: asked again with an empty table, so that no start and no compiler is
    // measured.
    private static async Task<string> JoinAsync(ReplicationPeer peer, ConntrackTable table, int sessions)
    {
        peer.StartB();
        for (var time = 1; ; time++)
        {
            var clock = Stopwatch.StartNew();
            peer.Fetch();
            await AwaitAsync(table, sessions);
            if (time == 2)
                return $"join with {sessions:N0}: {clock.Elapsed.TotalMilliseconds:N0} ms from the request to the last session";
            await Task.Delay(Quiet);
            table.Clear();
            await Task.Delay(Quiet);
        }
    }

    private static async Task AwaitAsync(ConntrackTable table, int sessions)
    {
        var clock = Stopwatch.StartNew();
        while (table.Count() < sessions)
        {
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"{table.Count()} of {sessions} sessions after {Patience.TotalSeconds} s");
            await Task.Delay(10);
        }
    }

    private static async Task<TcpClient> ConnectAsync()
    {
        for (var clock = Stopwatch.StartNew(); ; )
        {
            var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Parse("10.92.9.1"), Port);
                return client;
            }
            catch (SocketException) when (clock.Elapsed < Patience)
            {
                client.Dispose();
                await Task.Delay(500);
            }
        }
    }

    private static void Print(string who, int round, string what) => Console.WriteLine($"{who, -10} {round}: {what}");
}
