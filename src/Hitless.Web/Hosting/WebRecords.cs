using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Web;
using Hitless.Web.Access;

namespace Hitless.Web.Hosting;

/// <summary>Who is logged in (<c>/session</c>). <c>Version</c>: of the program that answers.</summary>
internal sealed record SessionAnswer(string User, WebRole Role, DateTimeOffset ExpiresAt, string Version);

/// <summary><c>GET /healthz</c>: that this program answers, and nothing about the cluster.</summary>
internal sealed record HealthAnswer(bool Answers);

/// <summary>Their JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HostingJson : JsonSerializerContext;
