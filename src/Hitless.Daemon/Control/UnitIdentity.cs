using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Control;

/// <summary>
/// Who this unit is: <c>Id</c> for good (state file <c>unit-id</c>; the election's serial), <c>Incarnation</c> since this start.
/// </summary>
public sealed record UnitIdentity(UnitId Id, Incarnation Incarnation)
{
    private const int IdDigits = 16;

    /// <summary>What heartbeats name the incarnation by; never 0.</summary>
    public IncarnationTag Tag => Incarnation.Tag;

    /// <summary>
    /// Reads the id from the state directory, or makes one at the first start. Where it cannot be written the unit has it for this start,
    /// and writes it as soon as that can be.
    /// </summary>
    public static UnitIdentity Load(string stateFolder, StateDisk disk)
    {
        var path = Path.Combine(stateFolder, "unit-id");
        Span<byte> random = stackalloc byte[24];
        RandomNumberGenerator.Fill(random);
        Incarnation incarnation = new(BinaryPrimitives.ReadUInt128BigEndian(random[8..]));
        var written = StateFile.Read(path, disk);
        if (
            written?.Length == IdDigits
            && ulong.TryParse(written, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
            && number != 0
        )
        {
            return new UnitIdentity(new UnitId(number), incarnation);
        }

        if (written is not null || File.Exists(Path.Combine(stateFolder, "epoch")))
        {
            disk.NoteDamage(
                $"{path} is {(written is null ? "gone" : "damaged")}: this unit has a new identity from now on,"
                    + " its former one counts as another unit that is gone"
            );
        }

        UnitId id = new(BinaryPrimitives.ReadUInt64BigEndian(random) | 1);
        disk.Write("unit-id", () => DurableFile.WriteOwnText(path, $"{id}\n"));
        return new UnitIdentity(id, incarnation);
    }
}
