using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>self-check</c>: whether this program, on this machine, can read and write all its records, sign and verify images, and make a
/// report's page. Asks no unit.
/// </summary>
internal static class SelfCheckCommand
{
    public static Command Make(Shell shell)
    {
        var command = shell.Command("self-check", "Check what this program needs of itself and of this machine", call =>
            Task.FromResult(Run(call.Screen))
        );
        command.Hidden = true;
        return command;
    }

    private static int Run(Screen screen)
    {
        var failed = 0;
        foreach (var (name, problems) in Checks())
        {
            failed += problems.Count == 0 ? 0 : 1;
            screen.Output.WriteLine($"{name}: {(problems.Count == 0 ? "ok" : string.Join("; ", problems))}");
        }

        return failed == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    private static IEnumerable<(string Name, IReadOnlyList<string> Problems)> Checks() =>
        [
            ("JSON of the units' API", RoundTrip.Problems(ApiJson.Default, out _)),
            ("JSON of this program", RoundTrip.Problems(CliJson.Own, out _)),
            ("image signatures (CMS)", SignatureCheck.Run() is { } problem ? [problem] : []),
            (
                "a report as a page",
                ReportPage.Read(ReportPage.Write(RoundTrip.Sample(ApiJson.Default.RunReport))) is { Run: "text" }
                    ? []
                    : ["the page does not hold its report"]
            ),
        ];
}
