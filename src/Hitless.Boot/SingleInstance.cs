namespace Hitless.Boot;

/// <summary>
/// Only one supervisor per state directory: a lock (flock) that the kernel gives back when the process ends, however it ends. A disk that
/// takes no writes is no reason not to start: a lock file
/// that is there is locked without writing, and where there is none the supervisor runs without a lock, and says so.
/// </summary>
internal sealed class SingleInstance : IDisposable
{
    private const int WouldBlock = 11; // EAGAIN of flock(2), which .NET puts into HResult
    private readonly FileStream? locked;

    private SingleInstance(FileStream? locked) => this.locked = locked;

    /// <summary>The lock, or null if somebody else has it.</summary>
    public static SingleInstance? TryTake(string state, Action<string> log)
    {
        var file = Path.Combine(state, "boot.lock");
        try
        {
            Directory.CreateDirectory(state);
            return new SingleInstance(
                File.Exists(file)
                    ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None)
                    : new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
            );
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log($"{file} cannot be made ({e.Message}): going on without it; look at df {state}, df -i {state} and mount");
            return new SingleInstance(null);
        }
    }

    public void Dispose() => locked?.Dispose();
}
