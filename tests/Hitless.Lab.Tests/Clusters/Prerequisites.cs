using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>What a scenario needs; without it the scenario is skipped, and says so.</summary>
public static class Prerequisites
{
    /// <summary>The folder that <c>./dev build</c> fills: HITLESS_OUT, else <c>out</c> of the repository.</summary>
    public static string Out { get; } = Environment.GetEnvironmentVariable("HITLESS_OUT") ?? Path.Combine(Repository(), "out");

    /// <summary>Network namespaces can be made.</summary>
    public static void NeedRoot() =>
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "NOT ROOT: the lab makes network namespaces; run with sudo");

    /// <summary>The programs and images are there.</summary>
    public static void NeedBuild()
    {
        NeedRoot();
        foreach (var file in (string[])["hitlessd", "hitless", "hitless-boot", "images/trust.pem"])
        {
            var path = Path.Combine(Out, file);
            Assert.SkipUnless(File.Exists(path), $"NOT BUILT: {path} is missing; run ./dev build, or name its folder with HITLESS_OUT");
        }
    }

    /// <summary>The web manager is there: it needs npm, which a machine may lack.</summary>
    public static void NeedWeb()
    {
        NeedBuild();
        Assert.SkipUnless(File.Exists(Path.Combine(Out, "hitless-web")), "NOT BUILT: hitless-web is missing; run ./dev build");
    }

    /// <summary>Programs of the distribution are there; <c>./dev test lab</c> installs them where it can.</summary>
    public static void NeedPrograms(params IEnumerable<string> names)
    {
        var folders = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':');
        var missing = names.Where(name => !folders.Any(folder => File.Exists(Path.Combine(folder, name)))).ToList();
        Assert.SkipUnless(
            missing.Count == 0,
            $"NOT INSTALLED: {string.Join(", ", missing)}; run ./dev test lab as root, which installs them"
        );
    }

    /// <summary>The image that units begin with.</summary>
    public static string FirstImage => Commands.Images.Default(Out, 0);

    /// <summary>The image that they upgrade to.</summary>
    public static string SecondImage => Commands.Images.Default(Out, 1);

    /// <summary>An image that is bad on purpose; <paramref name="how"/> is part of its name (bad-exit, bad-health).</summary>
    public static string BadImage(string how) => Directory.EnumerateFiles(Path.Combine(Out, "images"), $"*{how}*.hli").Single();

    /// <summary>The checkout that the tests are of.</summary>
    public static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Hitless.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? AppContext.BaseDirectory;
    }
}
