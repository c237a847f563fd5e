using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Keys;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>upgrade report</c>: shows the report of a run, writes it as a page, and checks the signature of one that was carried away.
/// </summary>
internal static class ReportCommand
{
    public static Command Make(Shell shell, Argument<string?> run)
    {
        var html = new Option<string?>("--html") { Description = "Write it as one self-contained page with a timeline", HelpName = "FILE" };
        var verify = new Option<string?>("--verify")
        {
            Description = "Check the signature of a report (JSON or page); needs no unit",
            HelpName = "FILE",
        };
        var key = new Option<string>("--key-file")
        {
            Description = "The cluster key that a report is checked with",
            DefaultValueFactory = _ => "/etc/hitless/cluster.key",
        };
        var signer = new Option<string?>("--public-key")
        {
            Description = "Instead of the cluster key: the cluster's public key as a report shows it",
            HelpName = "BASE64",
        };
        return shell.Command(
            "report",
            "What a run did: steps, elections, sessions, longest gap, verdict",
            call =>
                call.Value(verify) is { } file
                    ? Task.FromResult(Verify(call, file, call.Value(key)!, call.Value(signer)))
                    : ShowAsync(call, call.Value(run), call.Value(html)),
            run,
            html,
            verify,
            key,
            signer
        );
    }

    private static async Task<int> ShowAsync(Call call, string? run, string? html)
    {
        var report = await call.Unit.GetAsync(FollowedRun.Path("/v1/upgrade/report", run), ApiJson.Default.RunReport, call.Cancel);
        if (html is null)
        {
            call.Screen.Show(report, CliJson.Api.RunReport, answer => UpgradeViews.Show(call.Screen, answer));
            return ExitCode.Done;
        }

        await File.WriteAllTextAsync(html, ReportPage.Write(report), call.Cancel);
        call.Screen.Show(new WrittenFiles([Path.GetFullPath(html)]), CliJson.Own.WrittenFiles, _ =>
            call.Screen.Line($"report written to {html}")
        );
        return ExitCode.Done;
    }

    private static int Verify(Call call, string file, string keyFile, string? publicKey)
    {
        var report = ReportPage.Read(File.ReadAllText(file))
            ?? throw new RefusedException($"{file} holds no report", "give what `hitless upgrade report --json` or `--html` wrote");
        if (publicKey is null)
        {
            if (!ClusterKeys.TryParse(File.ReadAllText(keyFile), out var keys, out var error))
            {
                throw new RefusedException($"{keyFile}: {error}", "name the key with --key-file");
            }

            using var seal = new ReportSeal(keys.Sending);
            publicKey = seal.PublicKey;
        }

        if (ReportSeal.Refuse(report, publicKey) is { } why)
        {
            throw new RefusedException($"{file}: {why}", "take the report again from a unit: hitless upgrade report");
        }

        call.Screen.Show(report, CliJson.Api.RunReport, answer =>
        {
            call.Screen.Line($"{file} is what the cluster signed");
            UpgradeViews.Show(call.Screen, answer);
        });
        return ExitCode.Done;
    }
}
