using System.Diagnostics.CodeAnalysis;
using Hitless.Simulator.Faults;

namespace Hitless.Simulator;

/// <summary>What the command line asks for.</summary>
internal sealed record CampaignOptions(int Seeds, ulong Start, ulong? Seed, int? Units, Plant Plant, bool Verbose, int Jobs)
{
    /// <summary>The options that a replay needs beside the seed.</summary>
    public string Again => (Units is { } units ? $" --units {units}" : "") + (Plant == Plant.None ? "" : $" --plant {NameOf(Plant)}");

    /// <summary>Reads the arguments; <paramref name="complaint"/> says what was wrong with which.</summary>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out CampaignOptions? options, [NotNullWhen(false)] out string? complaint)
    {
        var read = new CampaignOptions(200, 1, null, null, Plant.None, Verbose: false, Environment.ProcessorCount);
        (options, complaint) = (null, null);
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--verbose")
            {
                read = read with { Verbose = true };
                continue;
            }

            var value = i + 1 < args.Length ? args[i + 1] : "";
            var next = args[i] switch
            {
                "--seeds" when int.TryParse(value, out var seeds) && seeds > 0 => read with { Seeds = seeds },
                "--start" when ulong.TryParse(value, out var start) => read with { Start = start },
                "--seed" when ulong.TryParse(value, out var seed) => read with { Seed = seed },
                "--units" when int.TryParse(value, out var units) && units is >= 2 and <= 4 => read with { Units = units },
                "--jobs" when int.TryParse(value, out var jobs) && jobs > 0 => read with { Jobs = jobs },
                "--plant" when Enum.GetValues<Plant>().FirstOrDefault(plant => NameOf(plant) == value) is var plant and not Plant.None =>
                    read with
                    {
                        Plant = plant,
                    },
                _ => null,
            };
            if (next is null)
            {
                complaint = $"hitless-sim: not understood: {args[i]} {value}".TrimEnd();
                return false;
            }

            read = next;
            i++;
        }

        options = read;
        return true;
    }

    /// <summary>ClaimWithoutSessions is claim-without-sessions on the command line.</summary>
    private static string NameOf(Plant plant) =>
        string.Concat(plant.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
