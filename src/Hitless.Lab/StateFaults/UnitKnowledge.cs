using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Units;

namespace Hitless.Lab.StateFaults;

/// <summary>What a unit must not forget, as far as it can be asked for.</summary>
public sealed record UnitKnowledge(
    string Identity,
    long Epoch,
    long Revision,
    int Revisions,
    string? LastRun,
    bool HasReport,
    int Images,
    int Events
)
{
    /// <summary>Asks it.</summary>
    public static UnitKnowledge Of(LabUnit unit, ClusterStatus status)
    {
        var cli = new HitlessCli(unit);
        var history = cli.Ask<ConfigurationHistory>(out _, "config", "history");
        return new UnitKnowledge(
            ReadText(Path.Combine(unit.State, "unit-id")),
            status.Epoch,
            status.Units.Single(each => each.Name == unit.Name).ConfigurationRevision,
            history?.Revisions.Count ?? 0,
            cli.Ask<RunStatus>(out _, "upgrade", "status")?.Run,
            cli.Run("upgrade", "report").Ok,
            cli.Ask<IReadOnlyList<ImageInfo>>(out _, "firmware", "list")?.Count ?? 0,
            cli.Ask<IReadOnlyList<ClusterEvent>>(out _, "history", "--limit", "1000")?.Count ?? 0
        );
    }

    /// <summary>What is less than it was, in words.</summary>
    public string LostSince(UnitKnowledge before) =>
        string.Join(
            ", ",
            new[]
            {
                Identity == before.Identity ? null : "its identity",
                Epoch >= before.Epoch ? null : $"epoch {before.Epoch}",
                Revision >= before.Revision ? null : $"revision {before.Revision}",
                Revisions >= before.Revisions ? null : $"{before.Revisions - Revisions} of {before.Revisions} revisions",
                LastRun == before.LastRun ? null : $"run {before.LastRun}",
                HasReport || !before.HasReport ? null : "the report",
                Images >= before.Images ? null : $"{before.Images - Images} of {before.Images} images",
                Events >= before.Events ? null : $"{before.Events - Events} events",
            }.OfType<string>()
        );

    private static string ReadText(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : "";
}
