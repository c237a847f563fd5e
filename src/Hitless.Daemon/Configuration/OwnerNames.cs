namespace Hitless.Daemon.Configuration;

/// <summary>
/// Names of users and groups on this unit, from /etc/passwd and /etc/group: owners travel by name, numbers may differ between units.
/// </summary>
internal sealed class OwnerNames
{
    private readonly Dictionary<string, string> _users = Read("/etc/passwd");
    private readonly Dictionary<string, string> _groups = Read("/etc/group");
    private readonly DateTime _asOf = Changed();
    private static OwnerNames? s_last;

    private OwnerNames() { }

    /// <summary>As the two files are now.</summary>
    public static OwnerNames Now => s_last is { } last && last._asOf == Changed() ? last : s_last = new OwnerNames();

    /// <summary><c>user:group</c>; the number where there is no name.</summary>
    public string NameOf(uint user, uint group) =>
        $"{_users.GetValueOrDefault($"{user}", $"{user}")}:{_groups.GetValueOrDefault($"{group}", $"{group}")}";

    /// <summary>The part of <c>user:group</c> that this unit does not know; null if it knows both.</summary>
    public string? Unknown(string owner) =>
        owner.Split(':') is not [var user, var group] ? owner
        : !uint.TryParse(user, out _) && !_users.ContainsValue(user) ? $"user {user}"
        : !uint.TryParse(group, out _) && !_groups.ContainsValue(group) ? $"group {group}"
        : null;

    private static DateTime Changed() =>
        new(Math.Max(File.GetLastWriteTimeUtc("/etc/passwd").Ticks, File.GetLastWriteTimeUtc("/etc/group").Ticks), DateTimeKind.Utc);

    private static Dictionary<string, string> Read(string path)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            if (line.Split(':') is [var name, _, var number, ..])
            {
                names.TryAdd(number, name);
            }
        }

        return names;
    }
}
