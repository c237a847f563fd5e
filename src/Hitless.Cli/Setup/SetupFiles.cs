using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Hitless.Firmware.Files;
using Hitless.Firmware.Slots;

namespace Hitless.Cli.Setup;

/// <summary>The files of a new unit: written all or none, over nothing that is there.</summary>
internal sealed class SetupFiles
{
    private readonly List<(string Path, byte[] Content, UnixFileMode Mode)> _files = [];

    /// <summary>Everything that will be written.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Select(file => file.Path)];

    /// <summary>One more; a file of the same content may be there already.</summary>
    /// <exception cref="RefusedException">Another one is there.</exception>
    public void Add(string path, byte[] content, UnixFileMode mode)
    {
        if (!File.Exists(path))
        {
            _files.Add((path, content, mode));
        }
        else if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
        {
            throw new RefusedException($"{path} is there already; nothing was changed", "move it away first, or edit it by hand");
        }
    }

    /// <summary>Writes them, unit.yaml last.</summary>
    public void Write()
    {
        foreach (var (path, content, mode) in _files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.WriteAllBytes(path, content, mode);
        }
    }

    /// <summary>Has the installed hitlessd read a unit.yaml.</summary>
    /// <exception cref="RefusedException">It does not take it; the message names the place.</exception>
    public static void Check(string state, string path, string unitFile)
    {
        var slots = new SlotStore(state);
        var active = slots.Read(out _).Active;
        var program = Path.Combine(slots.FolderOf(active), slots.ManifestIn(active)?.EntryPoint ?? "hitlessd");
        var question = JsonSerializer.SerializeToUtf8Bytes(
            new ConversionQuestion(path, Encoding.UTF8.GetBytes(unitFile), []),
            ApiJson.Default.ConversionQuestion
        );
        using var daemon = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(program, ["--convert-configuration"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (said, problems) = (daemon.StandardOutput.ReadToEndAsync(), daemon.StandardError.ReadToEndAsync());
        daemon.StandardInput.BaseStream.Write(question);
        daemon.StandardInput.Close();
        daemon.WaitForExit();
        _ = said.Result;
        if (daemon.ExitCode != 0)
        {
            throw new RefusedException(
                $"the unit.yaml would be wrong: {problems.Result.Trim().Split('\n')[0]}",
                "nothing was written; give other values"
            );
        }
    }
}
