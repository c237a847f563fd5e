using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Firmware.Files;

namespace Hitless.Cli.Setup;

/// <summary><c>setup</c>: the first unit of a cluster, from what the machine has.</summary>
internal static partial class SetupCommand
{
    /// <summary>Where the package puts the first image and its certificates.</summary>
    public const string PackageFolder = "/usr/lib/hitless";

    public const string DefaultConfig = "/etc/hitless/unit.yaml";
    public const string DefaultState = "/var/lib/hitless";
    private const int HeartbeatPort = 8417;

    public static Command Make(Shell shell)
    {
        var cluster = new Option<string?>("--cluster") { Description = "Name of the cluster (default: edge)", HelpName = "NAME" };
        var group = new Option<int?>("--group")
        {
            Description = "Number of the cluster, 0 to 1023, part of its virtual MACs (default: one by chance)",
            HelpName = "N",
        };
        var unit = new Option<string?>("--unit") { Description = "Name of this unit (default: the host's name)", HelpName = "NAME" };
        var priority = new Option<int>("--priority") { Description = "Higher wins the choice of primary", DefaultValueFactory = _ => 200 };
        var heartbeat = new Option<string?>("--heartbeat")
        {
            Description = "Interface of the link between the units; it needs an address of its own",
            HelpName = "INTERFACE",
        };
        var peer = new Option<string[]>("--peer")
        {
            Description = "Another unit's address on that link, if it is known already; hitless join adds it",
            HelpName = "ADDRESS",
        };
        var address = new Option<string[]>("--address")
        {
            Description = "A virtual address, as lan0=10.10.1.1/24; once for each",
            HelpName = "INTERFACE=ADDRESS",
        };
        var places = new SetupPlaces();
        return shell.Command(
            "setup",
            "Make this machine the first unit of a cluster: unit.yaml, key, first image, service; asks for what is not given",
            call =>
                RunAsync(
                    call,
                    places,
                    new SetupWish(
                        call.Value(cluster),
                        call.Value(group),
                        call.Value(unit),
                        call.Value(priority),
                        call.Value(heartbeat),
                        call.Value(peer) ?? [],
                        call.Value(address) ?? []
                    )
                ),
            [cluster, group, unit, priority, heartbeat, peer, address, .. places.All]
        );
    }

    private static async Task<int> RunAsync(Call call, SetupPlaces places, SetupWish wish)
    {
        var config = Path.GetFullPath(call.Value(places.Config)!);
        if (File.Exists(config))
        {
            throw new RefusedException($"{config} is there already; nothing was changed", "edit it, or move it away first");
        }

        var interfaces = Machine.Interfaces();
        var ask = new Questions(call.Screen);
        var heartbeat = ask.Choose("interface of the heartbeat link", "--heartbeat", wish.Heartbeat, interfaces);
        var file = new FirstUnitFile(
            ask.Text("name of the cluster", wish.Cluster, "edge"),
            wish.Group ?? RandomNumberGenerator.GetInt32(1, 1024),
            ask.Text("name of this unit", wish.Unit, HostName()),
            wish.Priority,
            heartbeat.Name,
            $"{heartbeat.OwnAddresses.FirstOrDefault() ?? throw NoAddress(heartbeat)}",
            wish.Peers,
            VirtualAddresses(ask.List("virtual address, as lan0=10.10.1.1/24", "--address", wish.Addresses, interfaces), interfaces)
        );
        var (image, trust) = places.FirstImage(call);
        var state = Path.GetFullPath(call.Value(places.State)!);
        var checks = MachineChecks.Run(heartbeat, HeartbeatPort);
        if (checks.FirstOrDefault(check => check.Result == CheckOutcome.Fail) is { } stops)
        {
            throw new RefusedException(stops.Text, stops.Remedy!);
        }

        var folder = Path.GetDirectoryName(config)!;
        var files = new SetupFiles();
        files.Add(Path.Combine(folder, FirstUnitFile.TrustFile), File.ReadAllBytes(trust), DurableFile.Readable);
        if (!File.Exists(Path.Combine(folder, FirstUnitFile.KeyFile)))
        {
            files.Add(Path.Combine(folder, FirstUnitFile.KeyFile), NewKey(), DurableFile.OwnerOnly);
        }

        files.Add(config, Encoding.UTF8.GetBytes($"{file}"), DurableFile.Readable);
        Machine.InstallImage(image, trust, state);
        SetupFiles.Check(state, config, $"{file}");
        files.Write();
        return await FinishAsync(call, places, new SetupResult(file.Cluster, file.Unit, files.Paths, checks, [], null));
    }

    /// <summary>Starts the service unless told not to, waits for it, and says what was done.</summary>
    public static async Task<int> FinishAsync(Call call, SetupPlaces places, SetupResult result)
    {
        if (!call.Value(places.NoStart) && Machine.HasSystemd)
        {
            call.Screen.Error.WriteLine("starting hitless.service");
            Machine.StartService();
            result = result with { Status = await Machine.UntilReadyAsync(call) };
        }

        call.Screen.Show(result, CliJson.Own.SetupResult, done =>
        {
            done.Files.ToList().ForEach(path => call.Screen.Line($"wrote {path}"));
            foreach (var check in done.Checks.Where(check => check.Result != CheckOutcome.Pass))
            {
                call.Screen.Line($"look at: {check.Text}: {check.Remedy}");
            }

            done.Notes.ToList().ForEach(note => call.Screen.Line($"note: {note}"));
            call.Screen.Line(
                done.Status is { } status
                    ? $"{status.Name} is {status.Role}, {status.State}: {status.Reason}"
                    : $"{done.Unit} is set up; start it: systemctl enable --now hitless"
            );
            call.Screen.Line("the next unit: hitless invite here, hitless join CODE there");
        });
        return ExitCode.Done;
    }

    /// <summary>The host's name as the name of a unit.</summary>
    public static string HostName()
    {
        var name = NoName().Replace(Environment.MachineName.Split('.')[0].ToLowerInvariant(), "-").Trim('-');
        return name.Length is 0 or > 32 ? "gw1" : name;
    }

    private static RefusedException NoAddress(MachineInterface heartbeat) =>
        new($"{heartbeat.Name} has no address of its own", $"give it one first: ip address add 10.10.9.1/24 dev {heartbeat.Name}");

    private static Dictionary<string, IReadOnlyList<string>> VirtualAddresses(
        IReadOnlyList<string> given,
        IReadOnlyList<MachineInterface> interfaces
    )
    {
        var found = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var each in given)
        {
            if (
                each.Split('=', 2) is not [var name, var prefix]
                || prefix.Split('/') is not [var address, var length]
                || !IPAddress.TryParse(address, out _)
                || !int.TryParse(length, out _)
            )
            {
                throw new UsageException(
                    $"--address {each} is not understood",
                    "give interface, address and prefix: --address lan0=10.10.1.1/24"
                );
            }

            if (interfaces.FirstOrDefault(known => known.Name == name) is not { } own)
            {
                throw new RefusedException(
                    $"there is no interface {name}",
                    $"this machine has {string.Join(", ", interfaces.Select(known => known.Name))}"
                );
            }

            if (own.OwnAddresses.Any(each => each.Equals(IPAddress.Parse(address))))
            {
                throw new RefusedException(
                    $"{address} is an address of {name} already",
                    "a virtual address must be no unit's own: take it out of the network's configuration, or choose another"
                );
            }

            found[name] = [.. found.GetValueOrDefault(name, []), prefix];
        }

        return found;
    }

    private static byte[] NewKey() => Encoding.UTF8.GetBytes(new ClusterKey(RandomNumberGenerator.GetBytes(ClusterKey.Size)).ToFileText());

    [GeneratedRegex("[^a-z0-9-]+")]
    private static partial Regex NoName();
}

/// <summary>What was given on the command line.</summary>
internal sealed record SetupWish(
    string? Cluster,
    int? Group,
    string? Unit,
    int Priority,
    string? Heartbeat,
    IReadOnlyList<string> Peers,
    IReadOnlyList<string> Addresses
);
