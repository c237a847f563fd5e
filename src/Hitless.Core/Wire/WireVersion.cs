using System.Globalization;
using System.Reflection;

namespace Hitless.Core.Wire;

/// <summary>The version of the units' own protocol. Another major number is refused; a higher minor number only adds fields, which are skipped.</summary>
public static class WireVersion
{
    /// <summary>The major version that this build speaks.</summary>
    public const byte Major = 1;

    /// <summary>The minor version that this build speaks (the build property <c>HitlessWireMinor</c>).</summary>
    public static byte Minor { get; } = ReadMinor();

    private static byte ReadMinor()
    {
        foreach (var entry in typeof(WireVersion).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (entry.Key == "HitlessWireMinor" && byte.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var minor))
                return minor;
        }

        throw new InvalidOperationException("this assembly was built without a HitlessWireMinor between 0 and 255");
    }
}
