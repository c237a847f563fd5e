using System.Globalization;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>
/// The codes of second factors that were used on this unit, so that none is taken twice; in a file, so that a restart forgets none. Of an
/// authenticator's the last one counts: an earlier one is over.
/// </summary>
internal sealed class UsedCodes
{
    private const int KeptMax = 2000;
    private readonly string _path;
    private readonly Dictionary<string, long> _used = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public UsedCodes(string folder)
    {
        _path = Path.Combine(folder, "used-codes");
        foreach (var line in File.Exists(_path) ? File.ReadAllLines(_path).TakeLast(KeptMax) : [])
        {
            if (line.Split(' ') is [var key, var value] && long.TryParse(value, CultureInfo.InvariantCulture, out var number))
            {
                _used[key] = Math.Max(number, _used.GetValueOrDefault(key));
            }
        }

        File.WriteAllLines(_path, _used.Select(Line));
    }

    /// <summary>Uses a code; false: it was used before, or a later one was.</summary>
    public bool TryUse(CodeUse use)
    {
        lock (_gate)
        {
            if (_used.TryGetValue(use.Key, out var last) && last >= use.Value)
            {
                return false;
            }

            // On disk first: a code that a restart would take again is not taken.
            File.AppendAllLines(_path, [Line(new(use.Key, use.Value))]);
            _used[use.Key] = use.Value;
            return true;
        }
    }

    private static string Line(KeyValuePair<string, long> each) => string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Value}");
}
