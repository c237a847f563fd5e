using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Control;

/// <summary>Who this unit is: <c>Id</c> for good (state file <c>unit-id</c>; the election's serial), <c>Incarnation</c> since this start.</summary>
public sealed record UnitIdentity(ulong Id, UInt128 Incarnation)
{
    /// <summary>What heartbeats name the incarnation by; never 0.</summary>
    public ulong Tag => TagOf(Incarnation);

    /// <summary>The tag of an incarnation.</summary>
    public static ulong TagOf(UInt128 incarnation) => (ulong)incarnation | 1;

    /// <summary>Reads the id from the state directory, or makes one at the first start.</summary>
    public static UnitIdentity Load(string stateFolder)
    {
        var path = Path.Combine(stateFolder, "unit-id");
        Span<byte> random = stackalloc byte[24];
        RandomNumberGenerator.Fill(random);
        var incarnation = BinaryPrimitives.ReadUInt128BigEndian(random[8..]);
        if (File.Exists(path) && ulong.TryParse(File.ReadAllText(path).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var id) && id != 0)
        {
            return new UnitIdentity(id, incarnation);
        }

        id = BinaryPrimitives.ReadUInt64BigEndian(random) | 1;
        DurableFile.WriteAllText(path, id.ToString("x16", CultureInfo.InvariantCulture) + "\n");
        return new UnitIdentity(id, incarnation);
    }
}
