namespace Hitless.Core.Forwarding;

/// <summary>
/// Whether a table of nftables on a standby costs traffic that the primary's does not. Rules are not understood, but counted: what cannot
/// be seen here shows after the switch (<c>ForwardingJudge</c>).
/// </summary>
internal static class TableComparison
{
    private const string NoneLeft = "0 rules ";

    /// <summary>Goes by the words of <see cref="ForwardingItems.Table"/>.</summary>
    public static bool LosesTraffic(ForwardingItem? wanted, ForwardingItem? found) =>
        Drops(found?.Value) && !Drops(wanted?.Value) && SaysPolicy(wanted?.Value ?? ForwardingItems.PolicyAccept)
        || wanted is not null
            && (
                NatsOf(found?.Value) != NatsOf(wanted.Value)
                || IsEmpty(found?.Value) && !IsEmpty(wanted.Value)
                || (found is not null && LacksTranslations(wanted, found))
            );

    private static bool IsEmpty(string? value) =>
        value == ForwardingItems.Empty || value?.StartsWith(NoneLeft, StringComparison.Ordinal) == true;

    private static bool Drops(string? value) => value?.Contains(ForwardingItems.PolicyDrop, StringComparison.Ordinal) == true;

    // A version before this one does not tell; of an empty table there is nothing to tell.
    private static bool SaysPolicy(string value) =>
        value == ForwardingItems.Empty || Drops(value) || value.Contains(ForwardingItems.PolicyAccept, StringComparison.Ordinal);

    // A ban list adds rules on one unit alone, and a filter that is missing stops nobody; translations that are missing do.
    private static string NatsOf(string? value) =>
        value is not null && value.LastIndexOf(", ", StringComparison.Ordinal) is >= 0 and var at ? value[at..] : ", 0 nat";

    // A rule less of those that translate. Where iptables keeps them, programs (docker) add theirs on one unit alone: there only none is
    // too few. A version that does not tell how many says nothing.
    private static bool LacksTranslations(ForwardingItem wanted, ForwardingItem found) =>
        TranslationsOf(wanted.Value) is { } there
        && TranslationsOf(found.Value) is { } here
        && here < (wanted.Name is "nftables table ip nat" or "nftables table ip6 nat" ? Math.Min(there, 1) : there);

    private static int? TranslationsOf(string value) =>
        value.Split('(', ' ') is [_, "rules", _, var rules, ..]
        && int.TryParse(rules, System.Globalization.CultureInfo.InvariantCulture, out var count)
            ? count
            : null;
}
