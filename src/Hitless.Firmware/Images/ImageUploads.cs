using System.Security.Cryptography;
using Hitless.Core.Api;
using Hitless.Firmware.Files;

namespace Hitless.Firmware.Images;

/// <summary>
/// Images that come in parts, from who may be cut off in between: <c>uploads/ID.SIZE.part</c> under the state directory, whose length is
/// the offset to go on from; <c>ID.SIZE.HASH</c>, empty, once it is in the store. Names say all, so that a restart changes nothing.
/// </summary>
public sealed class ImageUploads(string stateFolder, TimeProvider clock)
{
    /// <summary>Unfinished uploads at a time.</summary>
    public const int CountMax = 4;

    /// <summary>Bytes of an image.</summary>
    public const long SizeMax = 4L << 30;

    /// <summary>How long what has come is kept after its last byte.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const string Part = "part";
    private const int EndedMax = 16;
    private const int PieceBytes = 64 << 10;

    // One that is silent for so long gives way to a new one.
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(10);
    private readonly string folder = Path.Combine(stateFolder, "uploads");
    private readonly Dictionary<string, UploadTurn> turns = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Makes a place for an image of <paramref name="sizeBytes"/>.</summary>
    public UploadAnswer Begin(long sizeBytes)
    {
        if (sizeBytes is < 1 or > SizeMax)
        {
            return UploadAnswer.Refuse(ProblemTypes.NotUnderstood, $"an image has 1 to {SizeMax} bytes, not {sizeBytes}", "send its size");
        }

        lock (gate)
        {
            try
            {
                Directory.CreateDirectory(folder);
                var open = Entries().Where(each => each.Hash is null).OrderBy(each => each.TouchedAt).ToList();
                if (open.Count >= CountMax)
                {
                    if (turns.ContainsKey(open[0].Id) || clock.GetUtcNow() - open[0].TouchedAt < Abandoned)
                    {
                        return UploadAnswer.Refuse(
                            ProblemTypes.TooManyUploads,
                            $"{open.Count} uploads are unfinished",
                            "end one, give one up (DELETE), or wait: one that is silent for ten minutes gives way"
                        );
                    }

                    File.Delete(open[0].Path);
                    open.RemoveAt(0);
                }

                var wanted = sizeBytes + open.Sum(each => each.Size - each.Received);
                if (DiskRoom.FreeBytes(folder) < wanted + DiskRoom.Reserve)
                {
                    return new UploadAnswer(null, DiskRoom.Refuse(folder, $"{wanted + DiskRoom.Reserve}").ToRefusal());
                }

                var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
                File.WriteAllBytes(PathOf(id, sizeBytes, Part), []);
                return Find(id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return UploadAnswer.Refuse(
                    ProblemTypes.Refused,
                    $"{folder} cannot be written: {e.Message}",
                    "look at the disk: hitless status"
                );
            }
        }
    }

    /// <summary>How far an upload is.</summary>
    public UploadAnswer Find(string id)
    {
        lock (gate)
        {
            return Entries().FirstOrDefault(each => each.Id == id) is { } entry
                ? new UploadAnswer(entry.Status(Lifetime), null)
                : UploadAnswer.Refuse(ProblemTypes.NoSuchUpload, "this unit has no such upload", "begin anew: POST /v1/firmware/upload");
        }
    }

    /// <summary>
    /// Appends to an upload, and gives it to the store when it is whole. Whoever came before for the same upload is ended: its connection
    /// is one that its sender has given up. What has arrived when the stream breaks stays.
    /// </summary>
    /// <param name="id">Of <see cref="Begin"/>.</param>
    /// <param name="offset">What <see cref="Find"/> tells.</param>
    /// <param name="content">The bytes from there on, to the end or not.</param>
    /// <param name="store">Takes the whole image.</param>
    /// <param name="cancel">The sender left.</param>
    public async Task<UploadAnswer> ContinueAsync(string id, long offset, Stream content, ImageStore store, CancellationToken cancel)
    {
        if (Find(id) is { Refusal: not null } unknown)
        {
            return unknown;
        }

        using var turn = await EnterAsync(id, cancel);
        try
        {
            UploadEntry? entry;
            lock (gate)
            {
                entry = Entries().FirstOrDefault(each => each.Id == id);
            }

            if (entry is null or { Hash: not null })
            {
                return Find(id);
            }

            return offset != entry.Received
                ? UploadAnswer.Refuse(
                    ProblemTypes.WrongOffset,
                    $"{entry.Received} of {entry.Size} bytes are here, not {offset}",
                    $"send from byte {entry.Received} on"
                )
                : await ReceiveAsync(entry, content, turn.Cancelled) ?? Take(entry, store);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return UploadAnswer.Refuse(ProblemTypes.Refused, "another connection goes on with this upload", "leave it to that one");
        }
        catch (Exception e) when (DiskRoom.IsUsedUp(e))
        {
            var full = DiskRoom.Refuse(folder, "the rest of the image").ToRefusal();
            Remove(id);
            return new UploadAnswer(null, full);
        }
        finally
        {
            Leave(id, turn);
        }
    }

    /// <summary>Gives an upload up; an image that is in the store already stays there.</summary>
    public UploadAnswer Remove(string id)
    {
        lock (gate)
        {
            var found = Find(id);
            foreach (var entry in Entries().Where(each => each.Id == id))
            {
                File.Delete(entry.Path);
            }

            return found;
        }
    }

    private static async Task<UploadAnswer?> ReceiveAsync(UploadEntry entry, Stream content, CancellationToken cancel)
    {
        await using var file = new FileStream(entry.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        file.Position = entry.Received;
        var paced = new PacedStream(content);
        var buffer = new byte[PieceBytes];
        try
        {
            for (int length; (length = await paced.ReadAsync(buffer, cancel)) > 0; )
            {
                if (file.Position + length > entry.Size)
                {
                    file.SetLength(entry.Received);
                    return UploadAnswer.Refuse(
                        ProblemTypes.NotUnderstood,
                        $"more than the {entry.Size} bytes came that were told",
                        "begin anew with the right size: POST /v1/firmware/upload"
                    );
                }

                await file.WriteAsync(buffer.AsMemory(0, length), cancel);
            }
        }
        finally
        {
            file.Flush(flushToDisk: true);
        }

        return null;
    }

    private UploadAnswer Take(UploadEntry entry, ImageStore store)
    {
        if (new FileInfo(entry.Path) is not { Exists: true } file || file.Length < entry.Size)
        {
            return Find(entry.Id);
        }

        var put = store.Take(entry.Path, clock.GetUtcNow());
        if (put.Image is not { } image)
        {
            Remove(entry.Id);
            return new UploadAnswer(null, put.Problem!.ToRefusal());
        }

        lock (gate)
        {
            File.WriteAllBytes(PathOf(entry.Id, entry.Size, image.Hash), []);
            return Find(entry.Id);
        }
    }

    private async Task<UploadTurn> EnterAsync(string id, CancellationToken cancel)
    {
        var mine = new UploadTurn(cancel);
        while (true)
        {
            UploadTurn? former;
            lock (gate)
            {
                if (!turns.TryGetValue(id, out former))
                {
                    turns[id] = mine;
                    return mine;
                }

                former.End();
            }

            await former.Left.WaitAsync(cancel);
        }
    }

    private void Leave(string id, UploadTurn turn)
    {
        lock (gate)
        {
            turns.Remove(id);
            turn.SayLeft();
        }
    }

    /// <summary>What is there, without what is over.</summary>
    private List<UploadEntry> Entries()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var entries = new DirectoryInfo(folder).GetFiles().Select(UploadEntry.Read).OfType<UploadEntry>().ToList();
        var now = clock.GetUtcNow();
        var ended = entries.Where(each => each.Hash is not null).OrderByDescending(each => each.TouchedAt).Skip(EndedMax);
        var old = entries.Where(each => (now - each.TouchedAt).Duration() > Lifetime && !turns.ContainsKey(each.Id));
        foreach (var over in ended.Concat(old).ToHashSet())
        {
            File.Delete(over.Path);
            entries.Remove(over);
        }

        return entries;
    }

    private string PathOf(string id, long size, string state) => Path.Combine(folder, $"{id}.{size}.{state}");
}

/// <summary>How far an upload is, or why not.</summary>
public sealed record UploadAnswer(UploadStatus? Status, Refusal? Refusal)
{
    internal static UploadAnswer Refuse(ProblemType type, string error, string remedy) => new(null, type.Refuse(error, remedy));
}
