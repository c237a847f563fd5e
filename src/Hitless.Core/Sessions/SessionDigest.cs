namespace Hitless.Core.Sessions;

/// <summary>A session as a comparison sees it.</summary>
/// <param name="Key">Which.</param>
/// <param name="Digest">Its <see cref="SessionRecord.Digest64"/>.</param>
public readonly record struct SessionDigest(SessionKey Key, ulong Digest);
