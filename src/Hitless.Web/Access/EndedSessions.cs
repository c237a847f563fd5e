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
        Try(() =>
        {
            foreach (var line in File.Exists(_path) ? File.ReadAllLines(_path) : [])
            {
                if (
                    line.Split(' ') is [var id, var until]
                    && Guid.TryParse(id, out var guid)
                    && long.TryParse(until, CultureInfo.InvariantCulture, out var seconds)
                    && seconds > now.ToUnixTimeSeconds()
                    && seconds <= (now + (2 * SessionTicket.Lifetime)).ToUnixTimeSeconds()
                )
                {
                    _ended[guid] = DateTimeOffset.FromUnixTimeSeconds(seconds);
                }
            }

            File.WriteAllLines(_path, _ended.Select(Line));
        });
    }

    public bool Contains(SessionTicket ticket) => _ended.ContainsKey(ticket.Id);

    public void Add(SessionTicket ticket)
    {
        var until = ticket.IssuedAt + SessionTicket.Lifetime;
        _ended[ticket.Id] = until;
        lock (_ended)
        {
            Try(() => File.AppendAllLines(_path, [Line(new(ticket.Id, until))]));
        }
    }

    // A full disk stops no web manager, and keeps nobody from logging out.
    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(
                $"<3>hitless-web: {_path} cannot be used, log-outs are forgotten with the next start: {e.Message}; free disk space"
            );
        }
    }

    private static string Line(KeyValuePair<Guid, DateTimeOffset> each) =>
        string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Value.ToUnixTimeSeconds()}");
}
