namespace Hitless.Core.Web;

/// <summary>Where in a request the caller's name goes, so that nobody writes in another's.</summary>
public enum AuthorPlace : byte
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>The query value <c>author</c>.</summary>
    Query,

    /// <summary>The field <c>author</c> of a commit.</summary>
    Commit,

    /// <summary>The field <c>author</c> of a rollback.</summary>
    Rollback,
}

/// <summary>Who answers a route.</summary>
public enum Answerer : byte
{
    /// <summary>The unit's local API.</summary>
    Unit,

    /// <summary>The web manager itself.</summary>
    Web,
}

/// <summary>
/// One row of the <see cref="AccessTable"/>. <c>Words</c>: what the audit log says that the caller did; null: reading, which is not logged
/// unless it was denied.
/// </summary>
public sealed record AccessRule(string Method, string Path, WebRole Least, string? Words)
{
    /// <summary>Bytes that a body may have; 0: none.</summary>
    public long BodyMax { get; init; }

    /// <summary>Where the caller's name goes.</summary>
    public AuthorPlace Author { get; init; }

    /// <summary>Who answers.</summary>
    public Answerer By { get; init; } = Answerer.Unit;

    /// <summary>Whether it changes something, so that it must come from our own page or carry a token.</summary>
    public bool Changes => Method != AccessTable.Get;
}
