using Hitless.Linux.Native;

namespace Hitless.Linux.Processes;

/// <summary>Another program in the place of this one (<c>execve(2)</c>): the process, its children and what it has open go on.</summary>
public static class ProcessImage
{
    /// <summary>
    /// Runs <paramref name="program"/> in this process. Descriptors that close on exec (all that .NET opens, but the standard ones) are
    /// gone then, so are locks on them, threads and signal handlers.
    /// </summary>
    /// <param name="program">Path of an executable.</param>
    /// <param name="arguments">Its arguments, without its own name.</param>
    /// <param name="environment">Its whole environment.</param>
    /// <returns>Only where it fails: why. Everything is as before then.</returns>
    public static unsafe string Replace(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var argv = CStrings.Of([program, .. arguments]);
        var envp = CStrings.Of([.. environment.Select(each => $"{each.Key}={each.Value}")]);
        try
        {
            fixed (nint* first = argv)
            fixed (nint* variables = envp)
            {
                Libc.Execve(program, first, variables);
            }

            return Errno.Words(Errno.Last);
        }
        finally
        {
            CStrings.Free(argv);
            CStrings.Free(envp);
        }
    }
}
