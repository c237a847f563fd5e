namespace Hitless.Daemon.Configuration;

/// <summary>
/// The disk refuses a managed file. Never leaves <see cref="ManagedFiles"/> as an exception: it becomes the answer's one line.
/// </summary>
internal sealed class ManagedFileException(string line) : Exception(line)
{
    /// <summary>What is wrong with the file at a path.</summary>
    public ManagedFileException(string path, string problem)
        : this($"{path} {problem}") { }
}
