using System.Text.Json.Serialization.Metadata;

namespace Hitless.Daemon.Peers;

/// <summary>
/// One call between units: its name on the wire and the JSON of both directions. Stated once, used by <see cref="PeerServer"/> and
/// <see cref="PeerClient"/>.
/// </summary>
/// <param name="Name">Lower-case letters, digits, dots and dashes ("upgrade.install").</param>
public sealed record PeerCall<TRequest, TAnswer>(string Name, JsonTypeInfo<TRequest> Request, JsonTypeInfo<TAnswer> Answer);
