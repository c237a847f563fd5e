using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Web;

namespace Hitless.Web.Access;

/// <summary>
/// Judges passwords: one at a time, so that a flood of attempts takes one processor at the most and no memory, and later and later
/// after wrong ones. A user's own delay is short, for it could be used against the user; an address' is long.
/// </summary>
internal sealed class Logins(SecretsFile secrets, UsedCodes codes) : IDisposable
{
    private const int WaitingMax = 16;
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(2);

    // What an unknown user's password is held against, so that the answer takes as long.
    private static readonly PasswordHash Nobody = new(PasswordHash.NewIterations, new byte[PasswordHash.SaltBytes], new byte[64]);
    private readonly SemaphoreSlim _one = new(1);
    private readonly LoginDelays _ofAddresses = new(TimeSpan.FromMinutes(1));
    private readonly LoginDelays _ofUsers = new(TimeSpan.FromSeconds(4));

    // Long, for a code has a million values and only who has the password can make it grow.
    private readonly LoginDelays _ofCodes = new(TimeSpan.FromMinutes(15));
    private int _waiting;

    /// <summary>Judges an attempt.</summary>
    public async Task<LoginVerdict> JudgeAsync(LoginRequest asked, IPAddress from, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            return LoginVerdict.Later(Busy);
        }

        try
        {
            await _one.WaitAsync(cancel);
            try
            {
                return await JudgeAloneAsync(asked, KeyOf(from));
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

    private async Task<LoginVerdict> JudgeAloneAsync(LoginRequest asked, string address)
    {
        var wait = new[] { _ofAddresses.Left(address, Now()), _ofUsers.Left(asked.User, Now()) }.Max();
        if (wait > TimeSpan.Zero)
        {
            return LoginVerdict.Later(wait);
        }

        var user = secrets.Current.Users.FirstOrDefault(each => each.Name == asked.User);
        var verdict =
            await Task.Run(() => (user?.Password ?? Nobody).Matches(asked.Password)) && user is not null
                ? JudgeCode(user, asked.Code)
                : LoginVerdict.Wrong;
        if (verdict.User is not null)
        {
            _ofAddresses.Succeeded(address);
            _ofUsers.Succeeded(asked.User);
        }
        else if (verdict == LoginVerdict.Wrong)
        {
            _ofAddresses.Failed(address, Now());
            _ofUsers.Failed(asked.User, Now());
        }

        return verdict;
    }

    /// <summary>The password is right.</summary>
    private LoginVerdict JudgeCode(WebUser user, string? code)
    {
        if (user.Factor is not { } factor)
        {
            return LoginVerdict.Right(user);
        }

        if (string.IsNullOrWhiteSpace(code))
        {
            return LoginVerdict.CodeWanted;
        }

        if (_ofCodes.Left(user.Name, Now()) is var wait && wait > TimeSpan.Zero)
        {
            return LoginVerdict.Later(wait);
        }

        if (factor.Use(code, DateTimeOffset.UtcNow) is { } use && codes.TryUse(use))
        {
            _ofCodes.Succeeded(user.Name);
            return LoginVerdict.Right(user);
        }

        _ofCodes.Failed(user.Name, Now());
        return LoginVerdict.Wrong;
    }

    private static TimeSpan Now() => Stopwatch.GetElapsedTime(0);

    // Who has an IPv6 address has the 64 bits below it.
    private static string KeyOf(IPAddress from)
    {
        var address = from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes(), 0, 8) : $"{address}";
    }
}
