using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>What a scenario needs; without it the scenario is skipped, and says so.</summary>
public static class Prerequisites
{
    /// <summary>The folder that <c>./dev build</c> fills: HITLESS_OUT, else <c>out</c> of the repository.</summary>
    public static string Out { get; } = Environment.GetEnvironmentVariable("HITLESS_OUT") ?? Path.Combine(Repository(), "out");

    /// <summary>Network namespaces can be made.</summary>
    public static void NeedRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "NOT ROOT: the lab makes network namespaces; run with sudo");

    /// <summary>The programs and images are there.</summary>
    public static void NeedBuild(params IEnumerable<string> images)
    {
        NeedRoot();
        foreach (var file in images.Select(Image).Concat(["hitless", "hitless-boot"]))
        {
            var path = Path.Combine(Out, file);
            Assert.SkipUnless(File.Exists(path), $"NOT BUILT: {path} is missing; run ./dev build, or name its folder with HITLESS_OUT");
        }
    }

    /// <summary>The path of an image by the name that <c>build/images.sh</c> gives it.</summary>
    public static string Image(string name) => Path.Combine(Out, "images", name);

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Hitless.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? AppContext.BaseDirectory;
    }
}
