using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Sessions;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// A switch meets TCP connections in each state that lasts: the next word of either end is held back until the other unit carries the
/// traffic.
/// </summary>
public sealed class TcpStateTests
{
    private const int SynSent = 9021;
    private const int SynReceived = 9022;
    private const int FinWait = 9023;
    private const int CloseWait = 9024;
    private const int LastAck = 9025;
    private const int TimeWait = 9026;
    private const int Established = 9027;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<int, TcpState> States = new()
    {
        [SynSent] = TcpState.SynSent,
        [SynReceived] = TcpState.SynReceived,
        [FinWait] = TcpState.FinWait,
        [CloseWait] = TcpState.CloseWait,
        [LastAck] = TcpState.LastAck,
        [TimeWait] = TcpState.TimeWait,
        [Established] = TcpState.Established,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tcp_goes_on_in_whatever_state_the_switch_meets_it(bool powerOff)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        Hold(
            pair.Server,
            "input",
            $"tcp dport {SynSent} tcp flags & (syn | ack) == syn drop; tcp dport {FinWait} tcp flags & fin == fin drop"
        );
        Hold(
            pair.Client,
            "input",
            $"tcp sport {SynReceived} tcp flags & (syn | ack) == (syn | ack) drop; tcp sport {LastAck} tcp flags & fin == fin drop"
        );
        // A second FIN of the same end, or the answer to it, moves the kernel on to the next state.
        Hold(
            pair.Client,
            "output",
            string.Join(
                "; ",
                ((int[])[FinWait, LastAck]).Select(port =>
                    $"tcp dport {port} tcp flags & fin == fin limit rate over 1/hour burst 1 packets drop"
                )
            )
        );
        using var opening = Begin(pair, SynSent);
        using var answered = Begin(pair, SynReceived);
        using var ending = await OpenAsync(pair, FinWait);
        using var halfClosed = await OpenAsync(pair, CloseWait);
        using var lastWord = await OpenAsync(pair, LastAck);
        using var over = await OpenAsync(pair, TimeWait);
        using var open = await OpenAsync(pair, Established);
        foreach (var each in (Ends[])[ending, halfClosed, lastWord, over])
            each.Near.Shutdown(SocketShutdown.Send);
        foreach (var each in (Ends[])[lastWord, over])
        {
            await EndsAsync(each.Far!);
            each.Far!.Close();
        }

        await UntilAsync("the states at the first unit", () => StatesOf(pair.A).SequenceEqual(States));
        pair.TakeOver(powerOff);
        Assert.Equal(States, StatesOf(pair.B));

        GatewayPair.Shell($"ip netns exec {pair.Server} nft delete table ip hold; ip netns exec {pair.Client} nft delete table ip hold");
        foreach (var each in (Ends[])[opening, answered])
        {
            await each.AcceptAsync();
            await PassAsync(each.Near, each.Far!);
            await PassAsync(each.Far!, each.Near);
        }

        await PassAsync(open.Far!, open.Near);
        await PassAsync(open.Near, open.Far!);
        foreach (var each in (Ends[])[ending, halfClosed])
        {
            if (each == ending)
                await EndsAsync(each.Far!);
            await PassAsync(each.Far!, each.Near);
            each.Far!.Close();
        }

        foreach (var each in (Ends[])[ending, halfClosed, lastWord])
            await EndsAsync(each.Near);
        Assert.Equal(0, pair.RefusedBy(pair.B));
    }

    private static void Hold(string host, string hook, string rules) =>
        GatewayPair.Shell(
            $"ip netns exec {host} nft 'table ip hold {{ chain {hook} {{ type filter hook {hook} priority 0; {rules}; }}; }}'"
        );

    private static Ends Begin(GatewayPair pair, int port)
    {
        var listener = GatewayPair.Listen(pair.Server, ControlConnection.OutsideAddress, port);
        var near = NetworkNamespace.Run(pair.Client, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        return new Ends(listener, near, near.ConnectAsync(IPEndPoint.Parse($"{ControlConnection.OutsideAddress}:{port}")));
    }

    private static async Task<Ends> OpenAsync(GatewayPair pair, int port)
    {
        var ends = Begin(pair, port);
        await ends.AcceptAsync();
        return ends;
    }

    private static async Task PassAsync(Socket from, Socket to)
    {
        await from.SendAsync(new byte[] { 42 });
        var heard = new byte[1];
        Assert.Equal(1, await to.ReceiveAsync(heard).WaitAsync(Patience));
        Assert.Equal(42, heard[0]);
    }

    private static async Task EndsAsync(Socket socket) => Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));

    private static Dictionary<int, TcpState> StatesOf(string unit) =>
        GatewayPair
            .Sessions(unit)
            .Where(each => States.ContainsKey(each.Key.Original.DestinationPort))
            .OrderBy(each => each.Key.Original.DestinationPort)
            .ToDictionary(each => (int)each.Key.Original.DestinationPort, each => each.Tcp.State);

    private static async Task UntilAsync(string what, Func<bool> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.True(clock.Elapsed < Patience, $"{what} are not there within {Patience.TotalSeconds} s");
            await Task.Delay(20);
        }
    }

    /// <summary>Both ends of a connection; the far one when it is accepted.</summary>
    private sealed class Ends(Socket listener, Socket near, Task connecting) : IDisposable
    {
        public Socket Near => near;

        public Socket? Far { get; private set; }

        public async Task AcceptAsync()
        {
            await connecting.WaitAsync(Patience);
            Far = await listener.AcceptAsync().WaitAsync(Patience);
        }

        public void Dispose()
        {
            near.Dispose();
            Far?.Dispose();
            listener.Dispose();
        }
    }
}
