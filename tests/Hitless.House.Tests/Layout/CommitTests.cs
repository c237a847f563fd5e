using System.Diagnostics;
using System.Globalization;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Layout;

/// <summary>Commits since the rule was made: a subject that fits a line, and why, where the change is not small.</summary>
public sealed class CommitTests
{
    private const string Since = "da89017";
    private const int SubjectLimit = 72;
    private const int SmallChange = 30;

    [Fact]
    public void A_commit_has_a_short_subject_and_a_body_where_it_changes_much()
    {
        Assert.SkipUnless(Repository.Has(".git"), "not a checkout of git");
        Assert.SkipUnless(Git("merge-base", "--is-ancestor", Since, "HEAD") is not null, $"the history before {Since} is not here");

        Findings.None(
            $"Subjects of at most {SubjectLimit} columns; a body for more than {SmallChange} changed lines:",
            from record in Git("log", "--no-merges", "--numstat", "--format=%x1e%h%x1f%s%x1f%b%x1f", $"{Since}..HEAD")!.Split('\x1e')
            where record.Contains('\x1f')
            let parts = record.Split('\x1f')
            let lines = parts[3].Split('\n').Sum(Changed)
            where parts[1].Length > SubjectLimit || (lines > SmallChange && string.IsNullOrWhiteSpace(parts[2]))
            select $"{parts[0]} \"{parts[1]}\" ({parts[1].Length} columns, {lines} lines changed)"
        );
    }

    // added TAB removed TAB path; "-" where a file is not text.
    private static int Changed(string line) => line.Split('\t') is [var added, var removed, _] ? Number(added) + Number(removed) : 0;

    private static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>What git prints; null: it says no.</summary>
    private static string? Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-c", "safe.directory=*", "-C", Repository.Root, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var git = Process.Start(start)!;
        _ = git.StandardError.ReadToEndAsync();
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : null;
    }
}
