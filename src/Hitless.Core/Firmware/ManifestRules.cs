namespace Hitless.Core.Firmware;

/// <summary>What a manifest must hold beyond being JSON: paths that stay in their slot, sizes and hashes that are some.</summary>
internal static class ManifestRules
{
    /// <summary>More files than this are no firmware of ours.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>The most that a payload may unpack to: 4 GiB.</summary>
    public const long MaxUnpackedBytes = 4L << 30;

    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    /// <summary>The first thing wrong, or null.</summary>
    public static ImageProblem? Check(ImageManifest manifest)
    {
        if (manifest.Product.Length is 0 or > 64 || manifest.Platform.Length is 0 or > 64)
        {
            return ImageProblem.Malformed("$.product", "product and platform must be named, in at most 64 characters");
        }

        if (manifest.Wire.Min.CompareTo(manifest.Wire.Max) > 0 || manifest.Configuration.Min > manifest.Configuration.Max)
        {
            return ImageProblem.Malformed("$.wire", "the lower end of a range is above its upper end");
        }

        if (manifest.UpgradeFrom.Any(range => range is null))
        {
            return ImageProblem.Malformed("$.upgradeFrom", "expected a range such as \">=1.0.0 <2.0.0\"");
        }

        if (!IsHash(manifest.Payload.Sha256) || manifest.Payload.Size <= 0)
        {
            return ImageProblem.Malformed("$.payload", "expected a SHA-256 in lower-case hex and a size above 0");
        }

        if (manifest.Payload.Compression is not (ImagePayload.Gzip or ImagePayload.Brotli))
        {
            return ImageProblem.Malformed(
                "$.payload.compression",
                $"{Quote(manifest.Payload.Compression)} is not known to this version: expected {ImagePayload.Gzip} or {ImagePayload.Brotli}"
            );
        }

        return SystemRules.Check(manifest) ?? CheckFiles(manifest);
    }

    private static ImageProblem? CheckFiles(ImageManifest manifest)
    {
        if (manifest.Files.Count is 0 or > MaxFiles)
        {
            return ImageProblem.Malformed("$.files", $"expected 1 to {MaxFiles} files");
        }

        var total = 0L;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var entryPointRuns = false;
        for (var i = 0; i < manifest.Files.Count; i++)
        {
            var why = CheckFile(manifest.Files[i], seen, ref total);
            if (why is not null)
            {
                return ImageProblem.Malformed($"$.files[{i}]", why);
            }

            entryPointRuns |= manifest.Files[i].Path == manifest.EntryPoint && (manifest.Files[i].ModeBits & 0b001_000_000) != 0;
        }

        return entryPointRuns
            ? null
            : ImageProblem.Malformed("$.entryPoint", $"{Quote(manifest.EntryPoint)} is not an executable file of the image");
    }

    private static string? CheckFile(ImageEntry? file, HashSet<string> seen, ref long total)
    {
        if (file is null || !IsSafePath(file.Path))
        {
            return "expected a path that stays inside the slot";
        }

        if (!seen.Add(file.Path))
        {
            return $"{Quote(file.Path)} stands there twice";
        }

        if (!IsHash(file.Sha256))
        {
            return "expected a SHA-256 in lower-case hex";
        }

        if (file.Mode.Length is not (3 or 4) || file.Mode.AsSpan().ContainsAnyExceptInRange('0', '7') || file.ModeBits > 0b111_111_111)
        {
            return "expected a mode such as 0755";
        }

        total = file.Size is < 0 or > MaxUnpackedBytes ? long.MaxValue : total + file.Size;
        return total > MaxUnpackedBytes ? $"the payload unpacks to more than {MaxUnpackedBytes} bytes" : null;
    }

    /// <summary>
    /// A relative path without <c>.</c>, <c>..</c>, empty parts, backslashes and control characters. <c>manifest.json</c> is the slot's
    /// own.
    /// </summary>
    public static bool IsSafePath(string path)
    {
        if (path.Length is 0 or > 200 || path == "manifest.json")
        {
            return false;
        }

        foreach (var part in path.Split('/'))
        {
            if (part is "" or "." or ".." || part.AsSpan().ContainsAnyExceptInRange(' ', '~') || part.Contains('\\'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether it is a SHA-256 in lower-case hex.</summary>
    public static bool IsHash(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(HexDigits);

    private static string Quote(string text) => '"' + (text.Length <= 80 ? text : text[..80] + "…") + '"';
}
