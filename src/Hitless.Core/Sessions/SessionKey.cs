namespace Hitless.Core.Sessions;

/// <summary>What identifies a session in the kernel's table: protocol, original tuple, zone.</summary>
public readonly record struct SessionKey(bool V6, byte Protocol, ushort Zone, SessionTuple Original)
{
    /// <summary>A hash that is the same on every unit and in every version: digests and buckets rest on it.</summary>
    public ulong Hash64()
    {
        var hash = Mix(
            ((ulong)(V6 ? 1 : 0) << 56)
                | ((ulong)Protocol << 48)
                | ((ulong)Zone << 32)
                | ((ulong)Original.SourcePort << 16)
                | Original.DestinationPort
        );
        return Fold(Fold(hash, Original.Source), Original.Destination);
    }

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash64();

    /// <summary>Mixes an address into a hash.</summary>
    internal static ulong Fold(ulong hash, UInt128 address) => Mix(Mix(hash ^ (ulong)address) ^ (ulong)(address >> 64));

    /// <summary>SplitMix64's finaliser (Steele, Lea, Flood 2014).</summary>
    internal static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
