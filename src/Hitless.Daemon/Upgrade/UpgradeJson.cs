using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Changes;

namespace Hitless.Daemon.Upgrade;

/// <summary>The JSON of journals and of the calls that units make to each other during a run.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(JournalEntry))]
[JsonSerializable(typeof(JournalDocument))]
[JsonSerializable(typeof(JournalAnswer))]
[JsonSerializable(typeof(RunQuestion))]
[JsonSerializable(typeof(ReportDocument))]
[JsonSerializable(typeof(StepRequest))]
[JsonSerializable(typeof(StepAnswer))]
[JsonSerializable(typeof(TakeBackRequest))]
[JsonSerializable(typeof(ForwardedStart))]
[JsonSerializable(typeof(SessionSnapshot))]
[JsonSerializable(typeof(Surroundings))]
[JsonSerializable(typeof(UnitBeforeAndAfter))]
[JsonSerializable(typeof(RunCommand))]
[JsonSerializable(typeof(GateWord))]
[JsonSerializable(typeof(RunStatus))]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(UnitStatus))]
[JsonSerializable(typeof(SwitchoverRequest))]
[JsonSerializable(typeof(SwitchoverResult))]
public sealed partial class UpgradeJson : JsonSerializerContext;
