using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>
/// The newest schema that somebody can read who has to read the configuration: a unit, the image that is being installed, the one that a
/// rollback goes back to.
/// </summary>
public readonly record struct SchemaLimit(string Who, int Schema);

/// <summary>
/// The schema number of the configuration: what a version must know to hold a revision. A revision needs only what it uses, so a
/// configuration that uses nothing new can be held, and edited, by every version.
/// </summary>
public static class RevisionSchema
{
    /// <summary>The key of a managed file that must not be on the disk.</summary>
    public const string AbsentKey = "absent";

    /// <summary>Path, content, check, apply, mode.</summary>
    public const int Oldest = 1;

    /// <summary>Owner, verify, order, template, absent and secret came with 2.</summary>
    private const int WithKeys = 2;

    /// <summary>This version's: cluster.yaml came with 3.</summary>
    public const int Newest = 3;

    /// <summary>What a file needs.</summary>
    public static int Of(ManagedFile file) =>
        file.Path == ClusterFile.Path ? Newest
        : KeyOf(file) is null ? Oldest
        : WithKeys;

    /// <summary>What a revision needs.</summary>
    public static int Of(IEnumerable<ManagedFile> files) => files.Select(Of).DefaultIfEmpty(Oldest).Max();

    /// <summary>Null if all of <paramref name="limits"/> can express the files; else who cannot express which key.</summary>
    public static Refusal? Refuse(IReadOnlyList<ManagedFile> files, IReadOnlyList<SchemaLimit> limits)
    {
        foreach (var file in files)
        {
            var needed = Of(file);
            if (limits.Where(l => l.Schema < needed).ToList() is [var first, ..])
            {
                return new Refusal(
                    $"{file.Path}: {first.Who} cannot express \"{KeyOf(file)}\" (it knows configuration schema {first.Schema}, this "
                        + $"needs {needed})",
                    "leave the key out, or commit again when every unit runs a version that knows it (hitless status)"
                );
            }
        }

        return null;
    }

    private static string? KeyOf(ManagedFile file) =>
        file.Path == ClusterFile.Path ? file.Path
        : file.Owner is not null ? "owner"
        : file.Verify is not null ? "verify"
        : file.Order != 0 ? "order"
        : file.Template ? "template"
        : file.Absent ? AbsentKey
        : file.Secret ? "secret"
        : null;
}
