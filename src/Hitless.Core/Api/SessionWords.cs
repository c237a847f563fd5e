using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>What becomes of a session at a switch (<see cref="SessionClasses"/>).</summary>
[JsonConverter(typeof(WordConverter<SessionClassWord>))]
public readonly record struct SessionClassWord(string? Word) : IWord<SessionClassWord>
{
    /// <summary>Nobody has looked yet.</summary>
    public static readonly SessionClassWord NotLookedAt = new("");

    /// <summary>It goes on.</summary>
    public static readonly SessionClassWord Follow = new("follow");

    /// <summary>Only its unit can carry it.</summary>
    public static readonly SessionClassWord Bound = new("bound");

    /// <summary>The operator has left it out.</summary>
    public static readonly SessionClassWord Excluded = new("excluded");

    /// <summary>It does not go through the gateway.</summary>
    public static readonly SessionClassWord Local = new("local");

    /// <inheritdoc/>
    public static SessionClassWord Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>What a switch does to a session that differs, in <see cref="SessionDifferenceEntry.Fate"/>.</summary>
[JsonConverter(typeof(WordConverter<SwitchFate>))]
public readonly record struct SwitchFate(string? Word) : IWord<SwitchFate>
{
    /// <summary>It goes on.</summary>
    public static readonly SwitchFate Survives = new("survives");

    /// <summary>It is lost.</summary>
    public static readonly SwitchFate Breaks = new("breaks");

    /// <summary>There is nothing to lose.</summary>
    public static readonly SwitchFate NotNeeded = new("not-needed");

    /// <inheritdoc/>
    public static SwitchFate Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}

/// <summary>
/// Why a session is in a difference, or does not follow: in <see cref="SessionDifferenceEntry.Cause"/> and
/// <see cref="SessionCauseCount.Cause"/>.
/// </summary>
[JsonConverter(typeof(WordConverter<SessionCauseWord>))]
public readonly record struct SessionCauseWord(string? Word) : IWord<SessionCauseWord>
{
    /// <summary>The other unit does not hold it.</summary>
    public static readonly SessionCauseWord Missing = new("missing");

    /// <summary>Only the other unit holds it.</summary>
    public static readonly SessionCauseWord Extra = new("extra");

    /// <summary>It is in another state there.</summary>
    public static readonly SessionCauseWord State = new("state");

    /// <summary>It is translated otherwise there.</summary>
    public static readonly SessionCauseWord Nat = new("nat");

    /// <summary>Another helper of the kernel's, or none, tracks what it opens there.</summary>
    public static readonly SessionCauseWord Tracking = new("helper");

    /// <summary>Nothing is in the way.</summary>
    public static readonly SessionCauseWord Follow = new("follow");

    /// <summary>Translated to an own address.</summary>
    public static readonly SessionCauseWord TranslatedSource = new("translated-source");

    /// <summary>Opened to an own address, and forwarded.</summary>
    public static readonly SessionCauseWord TranslatedDestination = new("translated-destination");

    /// <summary>To a program of its unit.</summary>
    public static readonly SessionCauseWord Redirected = new("redirected");

    /// <summary>Left out by <c>sessions.exclude</c>.</summary>
    public static readonly SessionCauseWord ExcludedRule = new("excluded-rule");

    /// <summary>Left out by <c>sessions.pickup</c>.</summary>
    public static readonly SessionCauseWord ExcludedPickup = new("excluded-pickup");

    /// <summary>It begins or ends at an own address.</summary>
    public static readonly SessionCauseWord OwnAddress = new("own-address");

    /// <summary>It begins or ends at a virtual address.</summary>
    public static readonly SessionCauseWord VirtualAddress = new("virtual-address");

    /// <summary>Link-local, multicast or broadcast.</summary>
    public static readonly SessionCauseWord NotForwarded = new("not-forwarded");

    /// <summary>Both units hold it, and not alike.</summary>
    public bool IsDifferent => this == State || this == Nat || this == Tracking;

    /// <inheritdoc/>
    public static SessionCauseWord Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
