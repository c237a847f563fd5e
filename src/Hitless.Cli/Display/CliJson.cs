using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Core.Importing;

namespace Hitless.Cli.Display;

/// <summary>Answers of commands that ask no unit.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WrittenFiles))]
[JsonSerializable(typeof(Verdict))]
[JsonSerializable(typeof(FeedIndex))]
[JsonSerializable(typeof(SetupResult))]
[JsonSerializable(typeof(ImportResult))]
[JsonSerializable(typeof(WebChange))]
[JsonSerializable(typeof(WebAccess))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>For people's eyes too: "priority 200 > 100", not "priority 200 \u003E 100".</summary>
    public static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The unit's records, written for people.</summary>
    public static ApiJson Api { get; } = new(new JsonSerializerOptions(Readable));

    /// <summary>The records below, written for people.</summary>
    public static CliJson Own { get; } = new(new JsonSerializerOptions(Readable));
}

/// <summary>What a command wrote on this machine.</summary>
internal sealed record WrittenFiles(IReadOnlyList<string> Files);

/// <summary><c>firmware verify --json</c> of a good image; a bad one is refused.</summary>
internal sealed record Verdict(bool Valid, string Hash, string Version, string SignedBy, bool SignatureChecked);

/// <summary><c>setup --json</c> and <c>join --json</c>. <c>Status</c> null: not started, or it did not answer.</summary>
internal sealed record SetupResult(
    string Cluster,
    string Unit,
    IReadOnlyList<string> Files,
    IReadOnlyList<CheckResult> Checks,
    IReadOnlyList<string> Notes,
    UnitStatus? Status
);
