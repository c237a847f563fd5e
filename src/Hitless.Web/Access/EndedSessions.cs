using System.Collections.Concurrent;
using System.Globalization;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>Log-ins that were ended on this unit before their time; kept in a file until they would have ended by themselves.</summary>
internal sealed class EndedSessions
{
    private readonly string _path;
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _ended = new();

    public EndedSessions(string folder, DateTimeOffset now)
    {
        _path = Path.Combine(folder, "ended-sessions");
        foreach (var line in File.Exists(_path) ? File.ReadAllLines(_path) : [])
        {
            if (
                line.Split(' ') is [var id, var until]
                && Guid.TryParse(id, out var guid)
                && long.TryParse(until, CultureInfo.InvariantCulture, out var seconds)
                && DateTimeOffset.FromUnixTimeSeconds(seconds) is var at
                && at > now
            )
            {
                _ended[guid] = at;
            }
        }

        File.WriteAllLines(_path, _ended.Select(Line));
    }

    public bool Contains(SessionTicket ticket) => _ended.ContainsKey(ticket.Id);

    public void Add(SessionTicket ticket)
    {
        var until = ticket.IssuedAt + SessionTicket.Lifetime;
        _ended[ticket.Id] = until;
        lock (_ended)
        {
            File.AppendAllLines(_path, [Line(new(ticket.Id, until))]);
        }
    }

    private static string Line(KeyValuePair<Guid, DateTimeOffset> each) =>
        string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Value.ToUnixTimeSeconds()}");
}
