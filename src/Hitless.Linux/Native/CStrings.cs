using System.Runtime.InteropServices;

namespace Hitless.Linux.Native;

/// <summary>Lists of texts as the C library takes them: pointers to UTF-8, the last one null.</summary>
internal static class CStrings
{
    internal static nint[] Of(IReadOnlyList<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    internal static void Free(nint[] texts)
    {
        foreach (var text in texts)
        {
            Marshal.FreeCoTaskMem(text);
        }
    }
}
