using System.CommandLine;
using System.Globalization;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Setup;

/// <summary><c>invite</c>: a code by which one more machine becomes a unit of the cluster.</summary>
internal static class InviteCommand
{
    public static Command Make(Shell shell)
    {
        var address = new Option<string?>("--address")
        {
            Description = "This unit's address that the new one reaches (default: that of the first heartbeat link)",
            HelpName = "ADDRESS",
        };
        return shell.Command(
            "invite",
            "Let one more machine join the cluster: prints a code that is valid for ten minutes",
            call => RunAsync(call, call.Value(address)),
            address
        );
    }

    private static async Task<int> RunAsync(Call call, string? address)
    {
        var result = await call.Unit.PostAsync(
            "/v1/invite",
            new InviteRequest(address),
            ApiJson.Default.InviteRequest,
            ApiJson.Default.InviteResult,
            call.Cancel
        );
        call.Screen.Show(result, CliJson.Api.InviteResult, invited =>
        {
            call.Screen.Line($"on the machine that joins: hitless join {invited.Code}");
            call.Screen.Line(
                $"valid until {invited.ExpiresAt.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)}, once; that machine must reach "
                    + $"{invited.Address}, TCP port {invited.Port}"
            );
        });
        return ExitCode.Done;
    }
}
