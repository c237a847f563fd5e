using System.Diagnostics;
using System.Security.Cryptography;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Traffic;

/// <summary>
/// A download with a real client, curl, through DNAT, from now until <see cref="FinishAsync"/>; what came is hashed and compared with what
/// was sent.
/// </summary>
public sealed class Download : IDisposable
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly Worst _worst = new();
    private readonly Process _curl;
    private readonly Task<string> _hash;
    private long _bytes;

    /// <summary>Begins.</summary>
    public Download()
    {
        _curl = Curl("--no-buffer", Url("stream"));
        _hash = ReadAsync();
    }

    private static string Url(string what, string id) => $"http://{Addresses.VirtualLan}:{Ports.Http}/{what}/{id}";

    private string Url(string what) => Url(what, _id);

    /// <summary>What happened so far.</summary>
    public DownloadReport Report() => Judge(!_curl.HasExited, _curl.HasExited ? $"curl ended with {_curl.ExitCode}" : null);

    /// <summary>Has the server end the stream, and compares.</summary>
    public async Task<DownloadReport> FinishAsync()
    {
        using var finish = Curl(Url("finish"));
        var said = (await finish.StandardOutput.ReadToEndAsync()).Trim();
        await finish.WaitForExitAsync();
        if (finish.ExitCode != 0)
        {
            _curl.Kill();
        }

        var hash = await _hash;
        await _curl.WaitForExitAsync();
        return _curl.ExitCode != 0
                ? Judge(intact: false, $"curl ended with {_curl.ExitCode}: {(await _curl.StandardError.ReadToEndAsync()).Trim()}")
            : said == $"{_bytes} {hash}" ? Judge(intact: true, why: null)
            : Judge(intact: false, $"sent was {said}, received {_bytes} {hash}");
    }

    /// <inheritdoc/>
    public void Dispose() => _curl.Dispose();

    private DownloadReport Judge(bool intact, string? why)
    {
        var (milliseconds, at, _) = _worst.Read();
        return new DownloadReport(Interlocked.Read(ref _bytes), intact, milliseconds, at, why);
    }

    private async Task<string> ReadAsync()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[65536];
        var last = 0L;
        for (int count; (count = await _curl.StandardOutput.BaseStream.ReadAsync(buffer)) > 0; )
        {
            var now = TrafficClock.Now;
            if (last != 0)
            {
                _worst.Take(TrafficClock.Milliseconds(last, now), now, "download");
            }

            last = now;
            hash.AppendData(buffer, 0, count);
            Interlocked.Add(ref _bytes, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static Process Curl(params IEnumerable<string> more) =>
        Tool.Start(
            "curl",
            [
                "--silent",
                "--show-error",
                "--fail",
                // A source whose flows the firewall translates: in active-active the list of those knows it.
                "--interface",
                Addresses.ServedSources[0],
                "--connect-timeout",
                "20",
                "--speed-limit",
                "1",
                "--speed-time",
                "20",
                .. more,
            ],
            redirectInput: false
        );
}
