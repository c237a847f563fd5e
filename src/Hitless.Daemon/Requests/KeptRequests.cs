using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Requests;

/// <summary>
/// A request that had a key. <c>Request</c>: method, path and query. <c>Body</c>: SHA-256 in hex. <c>Status</c> null: begun, not answered.
/// <c>Answer</c> null: too large, or none yet.
/// </summary>
public sealed record KeptRequest(string Request, string Body, int? Status, string? ContentType, byte[]? Answer);

/// <summary>
/// The requests with a key of the last 24 hours, a file each in <c>requests</c> of the state directory (for the owner alone: an answer may
/// hold secrets), the last <see cref="CountMax"/> of them. Only their names are in memory.
/// </summary>
public sealed class KeptRequests
{
    /// <summary>How many are kept; the oldest go first.</summary>
    public const int CountMax = 500;

    private const int AnswerMax = 64 << 10;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, DateTimeOffset> _begun = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="stateFolder">The state directory; it may be damaged or not there yet.</param>
    /// <param name="clock">The wall clock: a restart and its time in between count.</param>
    public KeptRequests(string stateFolder, TimeProvider clock)
    {
        _folder = Path.Combine(stateFolder, "requests");
        _clock = clock;
        try
        {
            foreach (var file in Directory.Exists(_folder) ? new DirectoryInfo(_folder).GetFiles("*.json") : [])
            {
                _begun[Path.GetFileNameWithoutExtension(file.Name)] = new DateTimeOffset(file.LastWriteTimeUtc);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be read now may be read when it is asked for; a key that is not known is a new one.
        }
    }

    /// <summary>Whether a request had this key, answered or not.</summary>
    public bool Contains(string name)
    {
        lock (_gate)
        {
            RemoveOld();
            return _begun.ContainsKey(name);
        }
    }

    /// <summary>Null: damaged, so that what became of it is not known.</summary>
    public KeptRequest? Read(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(name)), RequestJson.Default.KeptRequest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Is on disk when it returns.</summary>
    public void Add(string name, KeptRequest request)
    {
        lock (_gate)
        {
            RemoveOld();
            if (_begun.Count >= CountMax)
            {
                Delete(_begun.MinBy(each => each.Value).Key);
            }

            Directory.CreateDirectory(_folder);
            Write(name, request);
            _begun[name] = _clock.GetUtcNow();
        }
    }

    /// <summary>
    /// A disk that does not take it leaves it begun: its sender has the answer, and who asks again learns that it is not known.
    /// </summary>
    public void Complete(string name, KeptRequest request)
    {
        lock (_gate)
        {
            try
            {
                Write(name, request.Answer!.Length > AnswerMax ? request with { Answer = null } : request);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"{PathOf(name)} cannot be written: {e.Message}");
            }
        }
    }

    /// <summary>Its key is free.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            Delete(name);
        }
    }

    private void RemoveOld()
    {
        var now = _clock.GetUtcNow();
        foreach (var (name, begun) in _begun.Where(each => (now - each.Value).Duration() > Lifetime).ToArray())
        {
            Delete(name);
        }
    }

    private void Delete(string name)
    {
        _begun.Remove(name);
        try
        {
            File.Delete(PathOf(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It comes back with the next start, and is removed then.
        }
    }

    private void Write(string name, KeptRequest request) =>
        DurableFile.WriteOwnBytes(
            PathOf(name),
            JsonSerializer.SerializeToUtf8Bytes(request, RequestJson.Default.KeptRequest),
            DurableFile.OwnerOnly
        );

    private string PathOf(string name) => Path.Combine(_folder, name + ".json");
}

/// <summary>Its JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(KeptRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;
