using Hitless.Bench.Failover;

namespace Hitless.Bench.Compare;

/// <summary>
/// What README says of both products, measured in one go on this machine: the cases of <see cref="FailoverBench"/> at the defaults, one
/// product after the other, as a page (<see cref="ComparePage"/>).
/// </summary>
internal static class CompareBench
{
    private static readonly string[] Often = ["--rounds", "1", "--runs", "3"];

    public static async Task<int> RunAsync(string[] args)
    {
        var named = args is [var first, ..] && !first.StartsWith("--", StringComparison.Ordinal);
        var page = Path.GetFullPath(named ? args[0] : "compare.html");
        string[] words = [.. named ? args[1..] : args, .. Often];
        if (BenchOptions.Unknown(words) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"compare: what is {unknown}?\n  [FILE] {BenchOptions.Usage}");
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
        var content = new ComparePage(cases, options, before, Surroundings.Now(options));
        await File.WriteAllTextAsync(page, content.ToHtml());
        Console.WriteLine(content.ToMarkdown());
        Console.WriteLine($"the page: {page}");
        return cases.All(one => one.Samples.Count > 0) ? 0 : 1;
    }
}
