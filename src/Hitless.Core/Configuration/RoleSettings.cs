namespace Hitless.Core.Configuration;

/// <summary>One entry of <c>services:</c>: a unit of systemd that runs where the role is; <c>OnPrimary</c> false: on standbys.</summary>
public sealed record ServiceSettings(string Unit, bool OnPrimary);

/// <summary>
/// <c>hooks:</c>: a shell command for each role, null where there is none. <c>Fault</c> null: a standby with failed interfaces or probes is
/// a standby like any other. <c>Timeout</c>: how long one command may take.
/// </summary>
public sealed record HookSettings(string? Primary, string? Standby, string? Fault, string? Stop, TimeSpan Timeout)
{
    /// <summary>Without any.</summary>
    public static HookSettings None { get; } = new(null, null, null, null, TimeSpan.FromSeconds(10));
}
