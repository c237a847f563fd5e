using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>When a commit is refused before any unit is asked, and what its content is when not.</summary>
public static class CommitRules
{
    /// <summary>A larger file is refused.</summary>
    public const int FileLengthMaxBytes = 8 << 20;

    /// <summary>All files of a revision together.</summary>
    public const int RevisionLengthMaxBytes = 32 << 20;

    /// <summary>Null if the commit may go ahead.</summary>
    /// <param name="request">The commit.</param>
    /// <param name="head">The current revision, or null.</param>
    /// <param name="started">The revision that the editor started from, when it is known here.</param>
    /// <param name="managed">What <c>configuration.files</c> of this unit lists.</param>
    /// <param name="limits">Who else has to be able to read the new revision.</param>
    /// <param name="runIsOpen">A run is on: daemons restart in its order only.</param>
    public static Refusal? Refuse(
        CommitRequest request,
        Revision? head,
        Revision? started,
        IReadOnlyList<ManagedFileSettings> managed,
        IReadOnlyList<SchemaLimit> limits,
        bool runIsOpen = false
    )
    {
        if (request.Parent is { } parent && parent != (head?.Info.Hash ?? ""))
        {
            return ProblemTypes.ConfigurationChanged.Refuse(
                ChangedMeanwhile(head, started, parent),
                "look at hitless config diff, redo your change on the current revision, commit again"
            );
        }

        foreach (var file in request.Files)
        {
            if (
                file.Path != ClusterFile.Path
                && head?.Files.Any(f => f.Path == file.Path) != true
                && !managed.Any(f => f.Path == file.Path)
            )
            {
                return new Refusal(
                    $"{file.Path} is not a managed file",
                    "list it under configuration.files of cluster.yaml (hitless config edit cluster.yaml), or leave it out"
                );
            }

            if (file.Content.Length > FileLengthMaxBytes)
            {
                return new Refusal(
                    $"{file.Path} is larger than {FileLengthMaxBytes >> 20} MiB",
                    "make it smaller; large data does not belong in the configuration"
                );
            }
        }

        var twice = request.Files.GroupBy(f => f.Path, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return twice is not null ? new Refusal($"{twice.Key} is given twice in one commit", "give each file once")
            : request.Files.Sum(f => (long)f.Content.Length) > RevisionLengthMaxBytes
                ? new Refusal($"the files together are larger than {RevisionLengthMaxBytes >> 20} MiB", "make them smaller")
            : request.ConfirmMs is < 1000 or > 86_400_000
                ? new Refusal("the time to confirm is outside 1 s to 24 h", "commit with --confirm 10m, say")
            : head is { Info.ConfirmBy: null } && Same(Content(request, head, managed), head.Files)
                ? new Refusal("nothing changes: all files are as in the current revision", "no commit is needed")
            : runIsOpen && ChangesClusterFile(request, head)
                ? new Refusal(
                    "cluster.yaml does not change while a run is open: it would restart daemons",
                    "commit it when the run has ended: hitless upgrade status"
                )
            : RevisionSchema.Refuse(Content(request, head, managed), limits);
    }

    /// <summary>
    /// The files of the next revision: those of the head, with the request's in their place. Commands come from unit.yaml, else from the
    /// head.
    /// </summary>
    public static IReadOnlyList<ManagedFile> Content(CommitRequest request, Revision? head, IReadOnlyList<ManagedFileSettings> managed)
    {
        var files = new SortedDictionary<string, ManagedFile>(StringComparer.Ordinal);
        foreach (var file in (head?.Files ?? []).Concat(request.Files))
        {
            files[file.Path] = Settled(file, files.GetValueOrDefault(file.Path), managed.FirstOrDefault(m => m.Path == file.Path));
        }

        return [.. files.Values];
    }

    /// <summary>A file with what unit.yaml says of it; what unit.yaml does not say is as before.</summary>
    public static ManagedFile Settled(ManagedFile file, ManagedFile? before, ManagedFileSettings? settings)
    {
        var commands = before ?? file;
        var settled = settings is null
            ? file with
            {
                Check = commands.Check,
                Apply = commands.Apply,
                Verify = commands.Verify,
                Order = commands.Order,
                Template = commands.Template,
                Secret = commands.Secret,
            }
            : file with
            {
                Check = settings.Check,
                Apply = settings.Apply,
                Verify = settings.Verify,
                Order = settings.Order,
                Template = settings.Template,
                Secret = settings.Secret,
            };
        return file.Absent
            ? settled with
            {
                Content = [],
                Mode = null,
                Owner = null,
            }
            : settled with
            {
                Mode = settings?.Mode ?? file.Mode ?? before?.Mode,
                Owner = settings?.Owner ?? file.Owner ?? before?.Owner,
            };
    }

    /// <summary>Paths of which anything differs.</summary>
    public static IReadOnlyList<string> Changed(Revision? from, Revision? to)
    {
        var old = (from?.Files ?? []).ToDictionary(f => f.Path, StringComparer.Ordinal);
        var now = (to?.Files ?? []).ToDictionary(f => f.Path, StringComparer.Ordinal);
        return
        [
            .. old
                .Keys.Union(now.Keys)
                .Where(p => !old.TryGetValue(p, out var a) || !now.TryGetValue(p, out var b) || !Same(a, b))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static bool ChangesClusterFile(CommitRequest request, Revision? head) =>
        request.Files.FirstOrDefault(f => f.Path == ClusterFile.Path) is { } file
        && !file.Content.AsSpan().SequenceEqual(ClusterFile.ContentOf(head) ?? []);

    private static string ChangedMeanwhile(Revision? head, Revision? started, string parent)
    {
        if (head is null)
        {
            return "this unit has no configuration yet, and the commit builds on another";
        }

        var what = started is null
            ? $"you started from {parent[..Math.Min(8, parent.Length)]}, which is not in the history here"
            : $"since revision {started.Info.Number} it changed {string.Join(", ", Changed(started, head))}";
        return $"the current revision is {head.Info.Number} by {head.Info.Author} ({head.Info.Message}); {what}";
    }

    private static bool Same(IReadOnlyList<ManagedFile> a, IReadOnlyList<ManagedFile> b) =>
        a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second));

    private static bool Same(ManagedFile a, ManagedFile b) =>
        a.Content.AsSpan().SequenceEqual(b.Content) && a with { Content = b.Content } == b;
}
