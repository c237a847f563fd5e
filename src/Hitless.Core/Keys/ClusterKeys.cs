using Hitless.Core.Wire;

namespace Hitless.Core.Keys;

/// <summary>
/// The keys that a unit has: one, or, while the cluster's key is rotated, two. What it sends is sealed with the first; what comes in may be
/// sealed with either. Immutable.
/// </summary>
/// <remarks>
/// The key file has the first key on its first line, as ever. While two are there, a second line has <c>next</c> (the first is the former
/// one) or <c>former</c> (the first is the next one), the other key, and the names of the units that take part.
/// </remarks>
public sealed class ClusterKeys
{
    private const string NextWord = "next";
    private const string FormerWord = "former";

    /// <summary>One key, and no rotation.</summary>
    public ClusterKeys(ClusterKey key) => (Former, Next, Phase, Members) = (key, key, KeyPhase.Done, []);

    private ClusterKeys(ClusterKey former, ClusterKey next, KeyPhase phase, IReadOnlyList<string> members) =>
        (Former, Next, Phase, Members) = (former, next, phase, members);

    /// <summary>The key that is rotated away; the same as <see cref="Next"/> where there is one alone.</summary>
    public ClusterKey Former { get; }

    /// <summary>The key that all units will have.</summary>
    public ClusterKey Next { get; }

    /// <summary>How far this unit is; never <see cref="KeyPhase.Former"/>, since one key alone is nobody's former.</summary>
    public KeyPhase Phase { get; }

    /// <summary>Two keys are there.</summary>
    public bool IsRotating => Phase != KeyPhase.Done;

    /// <summary>The names of the units that take part in the rotation, this one among them; empty if there is none.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>What this unit seals with.</summary>
    public ClusterKey Sending => Phase == KeyPhase.Accepts ? Former : Next;

    /// <summary>What others may seal with, one or two; the first is <see cref="Sending"/>.</summary>
    public IReadOnlyList<ClusterKey> Accepted =>
        Phase switch
        {
            KeyPhase.Accepts => [Former, Next],
            KeyPhase.Sends => [Next, Former],
            _ => [Next],
        };

    /// <summary>The next key is accepted from now on.</summary>
    public ClusterKeys With(ClusterKey next, IReadOnlyList<string> members) => new(Sending, next, KeyPhase.Accepts, members);

    /// <summary>The same keys, with only those units that are among these too; itself if that is all of them.</summary>
    public ClusterKeys Among(IReadOnlyCollection<string> members) =>
        Members.All(members.Contains) ? this : new ClusterKeys(Former, Next, Phase, [.. Members.Intersect(members)]);

    /// <summary>One phase further.</summary>
    public ClusterKeys Advanced() =>
        Phase == KeyPhase.Accepts ? new ClusterKeys(Former, Next, KeyPhase.Sends, Members) : new ClusterKeys(Next);

    /// <summary>Reads the text of a key file; <paramref name="error"/> says what was expected and the remedy.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ClusterKeys? keys, [NotNullWhen(false)] out string? error)
    {
        keys = null;
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (!ClusterKey.TryParse(lines.FirstOrDefault() ?? "", out var first, out error))
        {
            return false;
        }

        if (lines.Length == 1)
        {
            keys = new ClusterKeys(first);
            return true;
        }

        if (lines.Length > 2 || lines[1].Split(' ') is not [NextWord or FormerWord, var other, .. var members] || members.Length == 0)
        {
            error = "damaged cluster key: its second line is no other key of a rotation; copy the file again from another unit";
            return false;
        }

        if (!ClusterKey.TryParse(other, out var second, out error))
        {
            return false;
        }

        keys = lines[1].StartsWith(NextWord, StringComparison.Ordinal)
            ? new ClusterKeys(first, second, KeyPhase.Accepts, members)
            : new ClusterKeys(second, first, KeyPhase.Sends, members);
        return true;
    }

    /// <summary>What the key file holds.</summary>
    public string ToFileText()
    {
        var (word, other) = Phase == KeyPhase.Accepts ? (NextWord, Next) : (FormerWord, Former);
        return IsRotating
            ? $"{Sending.ToFileText()}{word} {other.ToFileText().TrimEnd()} {string.Join(' ', Members)}\n"
            : Sending.ToFileText();
    }
}
