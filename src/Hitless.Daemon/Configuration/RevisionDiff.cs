using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>The difference of two revisions as a person reads it: unified diffs, and a line for each changed command or mode.</summary>
internal static class RevisionDiff
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Each path that differs.</summary>
    public static IReadOnlyList<FileDifference> Files(Revision from, Revision to) =>
        [
            .. CommitRules
                .Changed(from, to)
                .Select(path =>
                {
                    var (a, b) = (from.Files.FirstOrDefault(f => f.Path == path), to.Files.FirstOrDefault(f => f.Path == path));
                    var attributes = a is not null && b is not null ? Attributes(path, a, b) : "";
                    return new FileDifference(
                        path,
                        IsGone(a) ? "added"
                            : IsGone(b) ? "removed"
                            : "changed",
                        attributes + Content(path, IsGone(a) ? null : a!.Content, IsGone(b) ? null : b!.Content)
                    );
                }),
        ];

    /// <summary>All of them in one text.</summary>
    public static string Of(Revision from, Revision to) => string.Concat(Files(from, to).Select(f => f.Text));

    private static string Attributes(string path, ManagedFile a, ManagedFile b) =>
        string.Concat(
            new (string Name, string? Was, string? Is)[]
            {
                ("check", a.Check, b.Check),
                ("apply", a.Apply, b.Apply),
                ("verify", a.Verify, b.Verify),
                ("mode", a.Mode, b.Mode),
                ("owner", a.Owner, b.Owner),
                ("order", $"{a.Order}", $"{b.Order}"),
                ("template", $"{a.Template}", $"{b.Template}"),
                ("secret", $"{a.Secret}", $"{b.Secret}"),
            }
                .Where(x => x.Was != x.Is)
                .Select(x => $"# {path}: {x.Name} was \"{x.Was}\", is \"{x.Is}\"\n")
        );

    private static bool IsGone(ManagedFile? file) => file is null or { Absent: true };

    private static string Content(string path, byte[]? a, byte[]? b)
    {
        try
        {
            return TextDiff.Unified("a" + path, a is null ? null : Strict.GetString(a), "b" + path, b is null ? null : Strict.GetString(b));
        }
        catch (DecoderFallbackException)
        {
            return $"Binary files a{path} and b{path} differ\n";
        }
    }
}
