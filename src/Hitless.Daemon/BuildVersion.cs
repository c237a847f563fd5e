using System.Reflection;

namespace Hitless.Daemon;

/// <summary>The version of this build (the build property <c>HitlessVersion</c>).</summary>
public static class BuildVersion
{
    /// <summary>As in <c>status</c> and in images: <c>1.0.0</c>.</summary>
    public static string Text { get; } = typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
