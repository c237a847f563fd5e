using System.Text.Json.Serialization;

namespace Hitless.Core.Web;

/// <summary>What a user or a token of the web manager may do; each role may do what the ones before it may.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebRole>))]
public enum WebRole : byte
{
    /// <summary>Reads status, sessions, events, reports and metrics.</summary>
    [JsonStringEnumMemberName("viewer")]
    Viewer = 1,

    /// <summary>Also switches over, uploads images and upgrades.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator = 2,

    /// <summary>Also changes the configuration, reads its content, and adds and removes units.</summary>
    [JsonStringEnumMemberName("admin")]
    Admin = 3,
}
