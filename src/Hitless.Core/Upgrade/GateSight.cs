namespace Hitless.Core.Upgrade;

/// <summary>What a page of alerts shows; <paramref name="Why"/> says which alerts, or why it is not known.</summary>
public sealed record GateSight(string Gate, bool Open, string Why);
