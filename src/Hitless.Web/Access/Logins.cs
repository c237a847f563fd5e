using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>
/// Judges passwords: one at a time, so that a flood of attempts takes one processor at the most and no memory, and later and later
/// after wrong ones. A user's own delay is short, for it could be used against the user; an address' is long.
/// </summary>
internal sealed class Logins(SecretsFile secrets) : IDisposable
{
    private const int WaitingMax = 16;
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(2);

    // What an unknown user's password is held against, so that the answer takes as long.
    private static readonly PasswordHash Nobody = new(PasswordHash.NewIterations, new byte[PasswordHash.SaltBytes], new byte[64]);
    private readonly SemaphoreSlim _one = new(1);
    private readonly LoginDelays _ofAddresses = new(TimeSpan.FromMinutes(1));
    private readonly LoginDelays _ofUsers = new(TimeSpan.FromSeconds(4));
    private int _waiting;

    /// <summary>The user; or null, and how long to wait before the next attempt (zero: it was judged and is wrong).</summary>
    public async Task<(WebUser? User, TimeSpan Wait)> JudgeAsync(string name, string password, IPAddress from, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            return (null, Busy);
        }

        try
        {
            await _one.WaitAsync(cancel);
            try
            {
                return await JudgeAloneAsync(name, password, KeyOf(from));
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<(WebUser? User, TimeSpan Wait)> JudgeAloneAsync(string name, string password, string address)
    {
        var wait = new[] { _ofAddresses.Left(address, Now()), _ofUsers.Left(name, Now()) }.Max();
        if (wait > TimeSpan.Zero)
        {
            return (null, wait);
        }

        var user = secrets.Current.Users.FirstOrDefault(each => each.Name == name);
        if (await Task.Run(() => (user?.Password ?? Nobody).Matches(password)) && user is not null)
        {
            _ofAddresses.Succeeded(address);
            _ofUsers.Succeeded(name);
            return (user, TimeSpan.Zero);
        }

        _ofAddresses.Failed(address, Now());
        _ofUsers.Failed(name, Now());
        return (null, TimeSpan.Zero);
    }

    private static TimeSpan Now() => Stopwatch.GetElapsedTime(0);

    // Who has an IPv6 address has the 64 bits below it.
    private static string KeyOf(IPAddress from)
    {
        var address = from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes(), 0, 8) : $"{address}";
    }
}
