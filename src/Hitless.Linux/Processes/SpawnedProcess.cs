using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>
/// A child that is started with what this process has open for it (<c>posix_spawn(3)</c>), before .NET's own machinery is woken.
/// </summary>
public static unsafe class SpawnedProcess
{
    /// <summary>Starts a program. Descriptors that do not close on exec are its own too.</summary>
    /// <param name="program">Path of an executable.</param>
    /// <param name="name">What it is called in lists of processes: its argument 0.</param>
    /// <param name="arguments">Its arguments behind that.</param>
    /// <param name="environment">Its whole environment.</param>
    /// <param name="problem">Why it does not run; null: it does.</param>
    /// <returns>Its process number.</returns>
    public static int Start(
        string program,
        string name,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        out string? problem
    )
    {
        var argv = CStrings.Of([name, .. arguments]);
        var envp = CStrings.Of([.. environment.Select(each => $"{each.Key}={each.Value}")]);
        try
        {
            fixed (nint* first = argv)
            fixed (nint* variables = envp)
            {
                var failed = Libc.Spawn(out var process, program, null, null, first, variables);
                problem = failed == 0 ? null : Errno.Words(failed);
                return process;
            }
        }
        finally
        {
            CStrings.Free(argv);
            CStrings.Free(envp);
        }
    }
}
