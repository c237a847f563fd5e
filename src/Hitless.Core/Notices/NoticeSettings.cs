using System.Net;

namespace Hitless.Core.Notices;

/// <summary>One of <c>notices:</c>: who is told. Exactly one of <c>Url</c> and <c>Syslog</c> is set.</summary>
/// <param name="Name">What operators call it.</param>
/// <param name="Url">A page that takes POST.</param>
/// <param name="Syslog">A collector of syslog messages, by UDP.</param>
/// <param name="SecretFile">Absolute path of a file whose content signs what goes to the page; null: unsigned.</param>
/// <param name="Kinds">The kinds of events that are told; empty: all.</param>
public sealed record NoticeSettings(string Name, Uri? Url, IPEndPoint? Syslog, string? SecretFile, IReadOnlyList<string> Kinds)
{
    /// <summary>Whether it is told of events of that kind.</summary>
    public bool Wants(string kind) => Kinds.Count == 0 || Kinds.Contains(kind);
}
