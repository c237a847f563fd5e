using Hitless.Bench.Failover;
using Hitless.Lab.Tools;

namespace Hitless.Bench.Compare;

/// <summary>
/// What README says of both products, measured in one go on this machine at the defaults, one product after the other: the cases of
/// <see cref="FailoverBench"/> and <see cref="ReplicationCase"/>, as a page (<see cref="ComparePage"/>) and as README's table.
/// </summary>
internal static class CompareBench
{
    /// <summary>The options in words.</summary>
    public const string Usage = $"[FILE=compare.html] [--readme README.md] {BenchOptions.Usage}";

    private const string Readme = "--readme";
    private const string Replication = "replication";
    private static readonly string[] Often = ["--rounds", "1", "--runs", "3"];

    public static async Task<int> RunAsync(string[] args)
    {
        var named = args is [var first, ..] && !first.StartsWith("--", StringComparison.Ordinal);
        var page = Path.GetFullPath(named ? args[0] : "compare.html");
        string[] words = named ? args[1..] : args;
        var at = Array.IndexOf(words, Readme);
        var readme = at >= 0 && at + 1 < words.Length ? words[at + 1] : null;
        words = [.. readme is null ? words : [.. words[..at], .. words[(at + 2)..]], .. Often];
        if (BenchOptions.Unknown(words) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"compare: what is {unknown}?\n  {Usage}");
            return 2;
        }

        var options = new BenchOptions(words);
        FailoverCase[] cases =
        [
            .. FailoverBench
                .Cases(options)
                .Where(one => one.Variant == FailoverCase.Defaults && one.Event.Name != FailoverEvent.Busy(options).Name)
                .Where(one => options.Only is null || one.Name.Contains(options.Only, StringComparison.Ordinal)),
        ];
        var before = Surroundings.Now(options);
        await FailoverBench.MeasureAsync(cases, options);
        var replication = await ReplicateAsync(options);
        var surroundings = new Course(before, Surroundings.Now(options), options);
        var table = new CompareTable(cases, replication);
        var content = new ComparePage(cases, table, surroundings);
        await File.WriteAllTextAsync(page, content.ToHtml());
        Console.WriteLine(table.ToMarkdown(surroundings.ToString()));
        Console.WriteLine($"the page: {page}");
        if (readme is not null && !table.PutInto(readme, surroundings.ToString()))
        {
            await Console.Error.WriteLineAsync($"compare: {readme} has no place for the table\n  take README.md of the repository");
            return 1;
        }

        return cases.All(one => one.Samples.Count > 0) && table.Rows().Any() ? 0 : 1;
    }

    private static async Task<IReadOnlyList<ReplicationFigures>> ReplicateAsync(BenchOptions options)
    {
        var all = new List<ReplicationFigures>();
        if (options.Only is not null && !Replication.Contains(options.Only, StringComparison.Ordinal))
            return all;
        foreach (var (product, make) in FailoverBench.Pairs(options))
        {
            try
            {
                all.Add(await new ReplicationCase(product, make).MeasureAsync());
                await Console.Error.WriteLineAsync($"{product}, {Replication}: {all[^1]}");
            }
            catch (LabException failed)
            {
                await Console.Error.WriteLineAsync($"{product}, {Replication}: not measured: {failed.Message}");
            }
        }

        return all;
    }
}
