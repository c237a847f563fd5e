namespace Hitless.Core.Configuration;

/// <summary>
/// One thing that the configuration says, in effect: <c>sessions.pickup.delay</c> and <c>30s</c>, defaults included. Content of a file is
/// its SHA-256.
/// </summary>
public readonly record struct Statement(string Key, string Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key} = {Value}";
}

/// <summary>A statement that is not the same after a conversion. <c>After</c> null: it is lost.</summary>
public readonly record struct StatementChange(string Key, string Before, string? After)
{
    /// <inheritdoc/>
    public override string ToString() => After is null ? $"{Key} (now {Before}) is lost" : $"{Key} changes from {Before} to {After}";
}

/// <summary>
/// What an image's own converter makes of the real configuration, before the image is installed. The converter's answer is text: a first
/// line <c>hitless-configuration SCHEMA</c>, then <c>KEY = VALUE</c> a line.
/// </summary>
public static class ConversionPreview
{
    private const string Title = "hitless-configuration ";

    /// <summary>An answer as text.</summary>
    public static string Write(IEnumerable<Statement> statements) =>
        $"{Title}{RevisionSchema.Newest}\n{string.Concat(statements.Select(s => $"{s}\n"))}";

    /// <summary>Reads an answer; null if it is none.</summary>
    public static IReadOnlyList<Statement>? Read(string answer)
    {
        var lines = answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !lines[0].StartsWith(Title, StringComparison.Ordinal))
        {
            return null;
        }

        return
        [
            .. lines
                .Skip(1)
                .Select(line => line.Split(" = ", 2))
                .Where(parts => parts.Length == 2)
                .Select(parts => new Statement(parts[0], parts[1])),
        ];
    }

    /// <summary>What is lost or changed; what is new is no loss.</summary>
    public static IReadOnlyList<StatementChange> Compare(IEnumerable<Statement> before, IEnumerable<Statement> after)
    {
        var converted = after
            .GroupBy(s => s.Key, StringComparer.Ordinal)
            .ToDictionary(s => s.Key, s => s.First().Value, StringComparer.Ordinal);
        return
        [
            .. before
                .Where(s => converted.GetValueOrDefault(s.Key) != s.Value)
                .Select(s => new StatementChange(s.Key, s.Value, converted.GetValueOrDefault(s.Key))),
        ];
    }
}
