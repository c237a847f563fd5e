namespace Hitless.Bench.Failover;

/// <summary>What <c>./dev bench failover</c> was asked: see <see cref="Usage"/>.</summary>
internal sealed class BenchOptions(string[] args)
{
    /// <summary>The options in words.</summary>
    public const string Usage =
        "--rounds N --runs N --only WORD --tcp N --rate NEW-PER-SECOND --probes PER-SECOND --background N --busy-seconds N "
        + "--busy-sessions PER-SECOND --name LAB --bin DIR --image FILE";

    /// <summary>How often every pair is made anew.</summary>
    public int Rounds { get; } = int.Parse(Value(args, "--rounds") ?? "4");

    /// <summary>Events in each pair.</summary>
    public int Runs { get; } = int.Parse(Value(args, "--runs") ?? "5");

    /// <summary>The lab's name.</summary>
    public string Name { get; } = Value(args, "--name") ?? "bench";

    /// <summary>Only cases with this in their name, which ends with the product: <c>"planned, defaults Hitless"</c>.</summary>
    public string? Only { get; } = Value(args, "--only");

    /// <summary>Where hitless-boot and hitless are.</summary>
    public string Binaries { get; } = Path.GetFullPath(Value(args, "--bin") ?? "out");

    /// <summary>The image that the units run.</summary>
    public string? Image { get; } = Value(args, "--image");

    /// <summary>Long TCP connections.</summary>
    public int Connections { get; } = int.Parse(Value(args, "--tcp") ?? "500");

    /// <summary>New TCP connections a second.</summary>
    public int NewPerSecond { get; } = int.Parse(Value(args, "--rate") ?? "100");

    /// <summary>UDP probes a second.</summary>
    public int Probes { get; } = int.Parse(Value(args, "--probes") ?? "1000");

    /// <summary>Sessions that only stand in the tables.</summary>
    public int Background { get; } = int.Parse(Value(args, "--background") ?? "0");

    /// <summary>How long the pair is kept busy.</summary>
    public int BusySeconds { get; } = int.Parse(Value(args, "--busy-seconds") ?? "600");

    /// <summary>New sessions a second meanwhile.</summary>
    public int BusySessions { get; } = int.Parse(Value(args, "--busy-sessions") ?? "20000");

    /// <summary>The first word that is no option of <see cref="Usage"/>, or an option without its value; null if all is well.</summary>
    public static string? Unknown(string[] args) =>
        args.Index()
            .FirstOrDefault(word =>
                word.Index % 2 == 0
                && (
                    !Usage.Split(' ').Contains(word.Item)
                    || !word.Item.StartsWith("--", StringComparison.Ordinal)
                    || word.Index + 1 == args.Length
                )
            )
            .Item;

    private static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
