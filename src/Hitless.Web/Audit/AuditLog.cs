using System.Text.Json;

namespace Hitless.Web.Audit;

/// <summary>
/// Who did what, from where, with which result: in <c>audit.jsonl</c> of the state folder, 8 MB and as much again of the time before,
/// and on standard output. A disk that takes no line stops nobody; standard output has it still.
/// </summary>
internal sealed class AuditLog(string folder)
{
    private const long LengthMax = 8 << 20;
    private const int PathMax = 300;
    private readonly string _path = Path.Combine(folder, "audit.jsonl");
    private readonly Lock _gate = new();

    public void Add(AuditRecord record)
    {
        var line = JsonSerializer.Serialize(
            record.Path.Length > PathMax ? record with { Path = record.Path[..PathMax] } : record,
            AuditJson.Default.AuditRecord
        );
        lock (_gate)
        {
            Console.Out.WriteLine($"<5>audit {line}");
            try
            {
                if (File.Exists(_path) && new FileInfo(_path).Length > LengthMax)
                {
                    File.Move(_path, _path + ".1", overwrite: true);
                }

                File.AppendAllLines(_path, [line]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"<4>hitless-web: {_path} cannot be written: {e.Message}");
            }
        }
    }
}
