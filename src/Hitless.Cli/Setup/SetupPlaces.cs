using System.CommandLine;

namespace Hitless.Cli.Setup;

/// <summary>Where things lie on the machine: options of <c>setup</c> and <c>join</c>.</summary>
internal sealed class SetupPlaces
{
    public Option<string> Config { get; } =
        new("--config")
        {
            Description = "The unit.yaml to write",
            HelpName = "FILE",
            DefaultValueFactory = _ => SetupCommand.DefaultConfig,
        };

    public Option<string> State { get; } =
        new("--state")
        {
            Description = "The state directory",
            HelpName = "DIR",
            DefaultValueFactory = _ => SetupCommand.DefaultState,
        };

    public Option<string?> Image { get; } =
        new("--image") { Description = $"The first image (default: the one in {SetupCommand.PackageFolder})", HelpName = "FILE" };

    public Option<string?> Trust { get; } =
        new("--trust")
        {
            Description = $"Certificates (PEM) whose images are accepted (default: trust.pem in {SetupCommand.PackageFolder})",
            HelpName = "FILE",
        };

    public Option<bool> NoStart { get; } = new("--no-start") { Description = "Do not start the service" };

    public IReadOnlyList<Symbol> All => [Config, State, Image, Trust, NoStart];

    /// <summary>The image and the certificates, as given or the package's.</summary>
    /// <exception cref="RefusedException">They are not there.</exception>
    public (string Image, string Trust) FirstImage(Call call)
    {
        var image = call.Value(Image)
            ?? (Directory.Exists(SetupCommand.PackageFolder) ? Directory.EnumerateFiles(SetupCommand.PackageFolder, "*.hli") : [])
                .OrderDescending(StringComparer.Ordinal)
                .FirstOrDefault();
        var trust = call.Value(Trust) ?? Path.Combine(SetupCommand.PackageFolder, FirstUnitFile.TrustFile);
        return image is not null && File.Exists(image) && File.Exists(trust)
            ? (Path.GetFullPath(image), Path.GetFullPath(trust))
            : throw new RefusedException(
                image is null || !File.Exists(image) ? $"there is no image{(image is null ? "" : $" {image}")}" : $"{trust} is not there",
                $"install the package, which has both in {SetupCommand.PackageFolder}, or name them: --image FILE --trust FILE"
            );
    }
}
