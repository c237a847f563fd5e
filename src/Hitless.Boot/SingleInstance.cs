namespace Hitless.Boot;

/// <summary>Only one supervisor per state directory: a lock (flock) that the kernel gives back when the process ends, however it ends.</summary>
internal static class SingleInstance
{
    /// <summary>The lock, or null if somebody else has it.</summary>
    public static IDisposable? TryTake(string state)
    {
        try
        {
            Directory.CreateDirectory(state);
            return new FileStream(Path.Combine(state, "boot.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
