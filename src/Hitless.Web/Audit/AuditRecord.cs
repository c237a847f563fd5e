using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Web;

namespace Hitless.Web.Audit;

/// <summary>
/// One line of the audit log. <c>Who</c>: user or token; null: nobody that is known. <c>From</c>: the address. <c>Did</c>: the words of the
/// access table. <c>Status</c>: of HTTP; below 400 it was done.
/// </summary>
internal sealed record AuditRecord(
    DateTimeOffset Time,
    string? Who,
    WebRole? Role,
    string From,
    string Method,
    string Path,
    string Did,
    int Status
);

/// <summary>Its JSON; what a client wrote is escaped, so that none can add a line.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditJson : JsonSerializerContext;
