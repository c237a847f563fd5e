using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Lab.StateFaults;

/// <summary>What a unit made of a damaged file.</summary>
/// <param name="File">The file, from the unit's folder on.</param>
/// <param name="Damage">What was done to it.</param>
/// <param name="Started">The daemon answers.</param>
/// <param name="Forwards">As primary it carried the client's traffic.</param>
/// <param name="Said">What status or the log say of it; empty: nothing.</param>
/// <param name="Lost">What the unit knew before and does not know after; empty: nothing.</param>
/// <param name="Good">It started and forwards, or it is a file without which no unit can be one and it says what to do; and what was lost
/// was said.</param>
public sealed record FaultOutcome(string File, string Damage, bool Started, bool Forwards, string Said, string Lost, bool Good);

/// <summary>The JSON of the table.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<FaultOutcome>))]
internal sealed partial class FaultJson : JsonSerializerContext;
