using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>The difference of two revisions as a person reads it: unified diffs, and a line for each changed command or mode.</summary>
internal static class RevisionDiff
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Each path that differs.</summary>
    public static IReadOnlyList<FileDifference> Files(Revision from, Revision to) => [.. CommitRules.Changed(from, to).Select(path =>
    {
        var (a, b) = (from.Files.FirstOrDefault(f => f.Path == path), to.Files.FirstOrDefault(f => f.Path == path));
        var attributes = a is not null && b is not null ? Attributes(path, a, b) : "";
        return new FileDifference(path, a is null ? "added" : b is null ? "removed" : "changed", attributes + Content(path, a?.Content, b?.Content));
    })];

    /// <summary>All of them in one text.</summary>
    public static string Of(Revision from, Revision to) => string.Concat(Files(from, to).Select(f => f.Text));

    private static string Attributes(string path, ManagedFile a, ManagedFile b) => string.Concat(
        new[] { ("check", a.Check, b.Check), ("apply", a.Apply, b.Apply), ("mode", a.Mode, b.Mode) }
            .Where(x => x.Item2 != x.Item3)
            .Select(x => $"# {path}: {x.Item1} was \"{x.Item2}\", is \"{x.Item3}\"\n"));

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
