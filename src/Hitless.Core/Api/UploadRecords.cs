namespace Hitless.Core.Api;

/// <summary><c>POST /v1/firmware/upload</c>: an image of so many bytes is going to come in parts.</summary>
public sealed record UploadRequest(long SizeBytes);

/// <summary>
/// An upload of an image in parts. <c>ReceivedBytes</c>: the offset from which its sender goes on. <c>ExpiresAt</c>: when what has come is
/// removed unless more comes before. <c>Image</c>: the hash of the image once all of it is here and verified; null before.
/// </summary>
public sealed record UploadStatus(string Id, long SizeBytes, long ReceivedBytes, DateTimeOffset ExpiresAt, string? Image);
