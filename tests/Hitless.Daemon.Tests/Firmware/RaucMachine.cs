using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>
/// A machine with two systems in the hands of a real RAUC: its service on a bus of its own, slots that are files, and a boot loader of a
/// few lines that counts tries as U-Boot's scripts do, behind RAUC's interface for custom ones. A reboot ends the service and starts it as
/// of the slot that is chosen.
/// </summary>
internal sealed class RaucMachine : IDisposable
{
    public const string Compatible = "hitless-test-gateway";
    private const int BootTries = 3;

    private const string BootLoader = """
        cd FOLDER/boot || exit 1
        case $1 in
          get-primary) for s in $(cat order); do [ $(cat left.$s) -gt 0 ] && echo $s && exit 0; done; exit 1 ;;
          set-primary) [ $2 = A ] && echo A B >order || echo B A >order; echo 3 >left.$2 ;;
          get-state) [ $(cat left.$2) -gt 0 ] && echo good || echo bad ;;
          set-state) [ $3 = good ] && echo 3 >left.$2 || echo 0 >left.$2 ;;
        esac
        """;

    private readonly Process bus;
    private Process? service;

    public RaucMachine()
    {
        Assert.SkipUnless(
            Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control"),
            "needs root and loop devices, for RAUC's bundles"
        );
        foreach (var program in new[] { "rauc", "dbus-daemon", "mksquashfs" })
        {
            Assert.SkipUnless(
                Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
                $"NOT INSTALLED: {program}; ./dev test daemon installs it"
            );
        }

        foreach (var folder in new[] { "boot", "devices", "mount", "data" })
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        Write("boot/order", "A B\n");
        Write("boot/left.A", $"{BootTries}\n");
        Write("boot/left.B", "0\n");
        Workshop.WriteScript(PathOf("boot/loader"), BootLoader.Replace("FOLDER", Workshop.Folder, StringComparison.Ordinal));
        Workshop.WriteScript(PathOf("rauc"), $"echo \"$*\" >>{PathOf("calls")}\nexport DBUS_SYSTEM_BUS_ADDRESS={Bus}\nexec rauc \"$@\"");
        File.WriteAllBytes(Device(Slot.A), new byte[64 << 10]);
        File.WriteAllBytes(Device(Slot.B), new byte[64 << 10]);
        MakeKey("vendor");
        WriteConfiguration();
        bus = Process.Start(Quiet("dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + PathOf("bus.conf")))!;
        try
        {
            service = Boot();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Workshop Workshop { get; } = new();

    /// <summary>A fresh look, as a process that has just started has it.</summary>
    public SlotStore Slots => new(Workshop.State, new RaucBackend(Own, Rauc));

    public RaucCommand Rauc => new(PathOf("rauc"));

    public BootState State => Slots.Read(out _);

    /// <summary>The version that the daemon of the running system says of itself.</summary>
    public SemanticVersion Own { get; set; } = Workshop.Options("1.0.0").Version;

    public RaucStatus Status =>
        Rauc.TryReadStatus(out var status, out var problem) ? status : throw new InvalidOperationException(problem!.Error);

    /// <summary>What was called of <c>rauc</c>, line by line.</summary>
    public string[] Calls => File.ReadAllLines(PathOf("calls"));

    private string Bus => "unix:path=" + PathOf("bus");

    public string PathOf(string name) => Workshop.PathOf(name);

    public byte[] ContentOf(Slot slot) => File.ReadAllBytes(Device(slot));

    /// <summary>Starts the slot that the boot loader chooses, which costs it a try.</summary>
    public void Reboot()
    {
        StopService();
        service = Boot();
    }

    public void StopService()
    {
        End(service);
        service = null;
    }

    /// <summary>A bundle with one system in it; its path.</summary>
    public string MakeBundle(string version, string signer = "vendor", string compatible = Compatible)
    {
        var parts = Directory.CreateDirectory(PathOf($"bundle-{version}"));
        File.WriteAllBytes(Path.Combine(parts.FullName, "system.img"), SystemOf(version));
        File.WriteAllText(
            Path.Combine(parts.FullName, "manifest.raucm"),
            $"[update]\ncompatible={compatible}\nversion={version}\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=system.img\n"
        );
        var bundle = PathOf(version + ".raucb");
        Run("rauc", "bundle", "--cert", PathOf(signer + ".pem"), "--key", PathOf(signer + ".key"), parts.FullName, bundle);
        return bundle;
    }

    /// <summary>A signed image of ours with that bundle in it.</summary>
    public ImageFile MakeImage(string version, string bundle, X509Certificate2? signer = null)
    {
        var parts = Directory.CreateDirectory(PathOf("image-" + version)).FullName;
        Workshop.WriteScript(Path.Combine(parts, "hitlessd"), "exit 0");
        File.Copy(bundle, Path.Combine(parts, "system.raucb"));
        var image = PathOf(version + ".hli");
        Assert.True(
            ImageBuilder.TryBuild(
                parts,
                Workshop.Options(version) with
                {
                    Activation = Activation.Reboot,
                },
                signer ?? Workshop.Signer,
                image,
                out _,
                out var problem
            ),
            problem?.Error
        );
        return Workshop.Open(image);
    }

    /// <summary>The bytes of a system.</summary>
    public static byte[] SystemOf(string version) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(version)).Concat(new byte[4064]).ToArray();

    public ImageProblem? Install(ImageFile image, Action<string>? tell = null) =>
        Slots.Install(
            image,
            "hash-of-" + image.Manifest.Version,
            Workshop.Trust,
            Workshop.Now,
            BootState.Other(Status.Booted),
            Status.Booted,
            tell
        );

    public void MakeKey(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256).CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        Write(name + ".pem", certificate.ExportCertificatePem());
        Write(name + ".key", key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        StopService();
        End(bus);
        Workshop.Dispose();
    }

    private string Device(Slot slot) => PathOf($"devices/{BootState.NameOf(slot)}");

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private void WriteConfiguration()
    {
        Write(
            "system.conf",
            $"""
            [system]
            compatible={Compatible}
            bootloader=custom
            mountprefix={PathOf("mount")}
            data-directory={PathOf("data")}
            [keyring]
            path={PathOf("vendor.pem")}
            [handlers]
            bootloader-custom-backend={PathOf("boot/loader")}
            [slot.rootfs.0]
            device={Device(Slot.A)}
            type=raw
            bootname=A
            [slot.rootfs.1]
            device={Device(Slot.B)}
            type=raw
            bootname=B

            """
        );
        Write(
            "bus.conf",
            $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
                "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <listen>{Bus}</listen>
              <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
            </busconfig>
            """
        );
    }

    private Process Boot()
    {
        var slot = File.ReadAllText(PathOf("boot/order")).Split().First(s => s.Length > 0 && Left(s) > 0);
        Write($"boot/left.{slot}", $"{Left(slot) - 1}\n");
        var start = Quiet("rauc", "--conf", PathOf("system.conf"), "service", "--override-boot-slot=" + slot);
        start.Environment["DBUS_SYSTEM_BUS_ADDRESS"] = Bus;
        var limit = Stopwatch.StartNew();
        while (!File.Exists(PathOf("bus")))
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), "the bus does not listen");
            Thread.Sleep(5);
        }

        var started = Process.Start(start)!;
        started.BeginErrorReadLine();
        started.BeginOutputReadLine();
        while (!Rauc.TryReadStatus(out _, out var problem))
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), $"RAUC's service does not answer: {problem}");
        }

        return started;
    }

    private int Left(string slot) => int.Parse(File.ReadAllText(PathOf("boot/left." + slot)), null);

    private static ProcessStartInfo Quiet(string program, params string[] arguments) =>
        new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

    private static void End(Process? process)
    {
        process?.Kill();
        process?.WaitForExit();
        process?.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(Quiet(program, arguments))!;
        var (errors, _) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {errors.Result}");
    }
}
