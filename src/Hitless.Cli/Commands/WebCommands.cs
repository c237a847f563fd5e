using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Firmware.Files;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>web password, totp, token, list, remove</c>: who may use the web manager. They change one file, on every unit where it is managed.
/// </summary>
internal static class WebCommands
{
    private const string NameHint = "1 to 32 letters, digits, dots, dashes and underscores";

    public static Command Make(Shell shell)
    {
        var file = new Option<string>("--file")
        {
            Description = "The file of users, tokens and keys",
            HelpName = "PATH",
            DefaultValueFactory = _ => WebSecrets.DefaultPath,
        };
        var user = new Argument<string>("USER") { Description = "Default: admin", DefaultValueFactory = _ => "admin" };
        var role = new Option<WebRole?>("--role") { Description = "viewer, operator or admin (default: as before; admin for a new user)" };
        var hosts = new Option<string[]>("--host")
        {
            Description = "More names and addresses for the certificate, when it is made",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        var token = new Argument<string>("NAME") { Description = "What the token is for: prometheus, ansible…" };
        var tokenRole = new Option<WebRole>("--role")
        {
            Description = "viewer, operator or admin",
            DefaultValueFactory = _ => WebRole.Viewer,
        };
        var expires = new Option<string>("--expires")
        {
            Description = "How long it is valid",
            HelpName = "T",
            DefaultValueFactory = _ => "90d",
        };
        var gone = new Argument<string>("NAME") { Description = "A user or a token" };
        return new Command("web", "The web manager: users and tokens")
        {
            shell.Command(
                "password",
                "Set a user's password (asked for, or a line of standard input); makes the user, and the file, if need be",
                call => PasswordAsync(call, call.Value(file)!, call.Value(user)!, call.Value(role), call.Value(hosts) ?? []),
                user,
                role,
                hosts,
                file
            ),
            shell.Command(
                "token",
                "Make an API token, shown once",
                call => TokenAsync(call, call.Value(file)!, call.Value(token)!, call.Value(tokenRole), call.Value(expires)!),
                token,
                tokenRole,
                expires,
                file
            ),
            Totp(shell, user, file),
            shell.Command("list", "Users and tokens", call => Task.FromResult(List(call, call.Value(file)!)), file),
            shell.Command(
                "remove",
                "Remove a user or a token; log-ins of the user end",
                call => RemoveAsync(call, call.Value(file)!, call.Value(gone)!),
                gone,
                file
            ),
        };
    }

    private static Command Totp(Shell shell, Argument<string> user, Option<string> file)
    {
        var off = new Option<bool>("--off") { Description = "The password is enough again" };
        return shell.Command(
            "totp",
            "Give a user a second factor: a secret for an authenticator and recovery codes, shown once; --off takes it away",
            call => TotpAsync(call, call.Value(file)!, call.Value(user)!, call.Value(off)),
            user,
            off,
            file
        );
    }

    private static async Task<int> PasswordAsync(Call call, string file, string name, WebRole? role, string[] hosts)
    {
        RequireName(name);
        var first = !File.Exists(file);
        var secrets = first ? WebSecretsMaker.Make(hosts) : Read(file);
        var former = secrets.Users.FirstOrDefault(each => each.Name == name);
        var password = new PasswordPrompt(call.Screen).Read(name);
        if (password.Length is < PasswordHash.LengthMin or > PasswordHash.LengthMax)
        {
            throw new RefusedException(
                $"a password has {PasswordHash.LengthMin} to {PasswordHash.LengthMax} characters",
                "take a few words that do not belong together"
            );
        }

        var changed = secrets.With(
            new WebUser(
                name,
                role ?? former?.Role ?? WebRole.Admin,
                PasswordHash.Of(password, RandomNumberGenerator.GetBytes(PasswordHash.SaltBytes)),
                NewStamp(),
                former?.Factor
            )
        );
        var said = former is null ? $"{name} may log in" : $"{name} has a new password; former log-ins have ended";
        return await KeepAsync(call, file, changed, said, new WebChange(file, null), $"web manager: password of {name}");
    }

    private static async Task<int> TotpAsync(Call call, string file, string name, bool off)
    {
        var secrets = Read(file);
        var user = secrets.Users.FirstOrDefault(each => each.Name == name)
            ?? throw new RefusedException($"there is no user {name}", "hitless web list shows them");
        if (off)
        {
            var without = secrets.With(user with { Factor = null, Stamp = NewStamp() });
            return await KeepAsync(
                call,
                file,
                without,
                $"{name} logs in by password alone",
                new WebChange(file, null),
                $"web manager: no second factor of {name}"
            );
        }

        var secret = RandomNumberGenerator.GetBytes(TotpCode.SecretBytes);
        var recovery = Enumerable
            .Range(0, SecondFactor.RecoveryCount)
            .Select(_ => SecondFactor.RecoveryText(RandomNumberGenerator.GetBytes(SecondFactor.RecoveryBytes)))
            .ToList();
        var factor = new SecondFactor(secret, [.. recovery.Select(SecondFactor.Hash)]);
        var said =
            $"{name} has a second factor; former log-ins have ended. Not shown again: for the authenticator, then ten recovery codes";
        return await KeepAsync(
            call,
            file,
            secrets.With(user with { Factor = factor, Stamp = NewStamp() }),
            said,
            new WebChange(file, null, null, TotpCode.Uri(Environment.MachineName, name, secret), recovery),
            $"web manager: second factor of {name}"
        );
    }

    private static long NewStamp() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    private static async Task<int> TokenAsync(Call call, string file, string name, WebRole role, string expires)
    {
        RequireName(name);
        if (!Words.TryDuration(expires, out var time) || time <= TimeSpan.Zero)
        {
            throw new UsageException($"\"{expires}\" is not a valid duration", "write it as 12h, 90d or 365d");
        }

        var text = TokenText.Of(RandomNumberGenerator.GetBytes(TokenText.SecretBytes));
        var until = TimeProvider.System.GetUtcNow() + time;
        var changed = Read(file).With(new WebToken(name, role, TokenText.Hash(text), until));
        var said = $"token {name}, {Word(role)}, valid until {Words.Time(until)}; it is not shown again";
        return await KeepAsync(call, file, changed, said, new WebChange(file, null, text), $"web manager: token {name}");
    }

    private static Task<int> RemoveAsync(Call call, string file, string name)
    {
        var secrets = Read(file);
        var changed = secrets.Without(name);
        return changed.Users.Count + changed.Tokens.Count < secrets.Users.Count + secrets.Tokens.Count
            ? KeepAsync(call, file, changed, $"{name} is removed", new WebChange(file, null), $"web manager: {name} removed")
            : throw new RefusedException($"there is no user or token {name}", "hitless web list shows them");
    }

    private static int List(Call call, string file)
    {
        var secrets = Read(file);
        var answer = new WebAccess(
            [.. secrets.Users.Select(user => new WebAccessUser(user.Name, Word(user.Role)))],
            [.. secrets.Tokens.Select(token => new WebAccessToken(token.Name, Word(token.Role), token.ExpiresAt))]
        );
        call.Screen.Show(answer, CliJson.Own.WebAccess, access =>
        {
            var table = Tables.Plain("name", "kind", "role", "valid until");
            foreach (var user in access.Users)
            {
                table.AddTexts(user.Name, "user", user.Role, "");
            }

            foreach (var token in access.Tokens)
            {
                table.AddTexts(token.Name, "token", token.Role, Words.Time(token.ExpiresAt));
            }

            call.Screen.Console.Write(table);
        });
        return ExitCode.Done;
    }

    /// <summary>
    /// Where the file is managed, the change is a commit: every unit has it or none. Else it is written here, and the answer says what
    /// to do.
    /// </summary>
    private static async Task<int> KeepAsync(Call call, string file, WebSecrets secrets, string said, WebChange shown, string message)
    {
        var path = Path.GetFullPath(file);
        var committed = await CommitAsync(call, path, secrets, message);
        if (committed is null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.WriteAllBytes(path, secrets.ToFile(), DurableFile.OwnerOnly);
        }

        call.Screen.Show(shown with { File = path, Revision = committed?.Revision.Number }, CliJson.Own.WebChange, change =>
        {
            call.Screen.Line(said);
            foreach (var secret in (string?[])[change.Token, change.Authenticator, .. change.Recovery ?? []])
            {
                if (secret is not null)
                {
                    call.Screen.Line(secret);
                }
            }

            call.Screen.Line(
                change.Revision is { } revision
                    ? $"revision {revision} has it on every unit"
                    : $"only this unit has it. For every unit, list it under configuration.files of cluster.yaml (hitless config edit "
                        + $"cluster.yaml):\n  - {{ path: {path}, mode: \"0600\", secret: true }}\nthen: hitless config commit {path}"
            );
        });
        return ExitCode.Done;
    }

    /// <summary>Null: the cluster does not manage the file, or the unit does not answer.</summary>
    private static async Task<CommitResult?> CommitAsync(Call call, string path, WebSecrets secrets, string message)
    {
        try
        {
            var current = await call.Unit.GetAsync("/v1/config", ApiJson.Default.Revision, call.Cancel);
            var settings = await call.Unit.GetAsync("/v1/config/settings", ApiJson.Default.ConfigurationSettings, call.Cancel);
            if (!settings.Settings.Any(setting => setting.Key.StartsWith($"configuration.files[{path}]", StringComparison.Ordinal)))
            {
                return null;
            }

            var managed = current.Files.FirstOrDefault(each => each.Path == path) ?? new ManagedFile(path, [], null, null, "0600");
            return await call.Unit.PostAsync(
                "/v1/config/commit",
                new CommitRequest(
                    [managed with { Content = secrets.ToFile(), Absent = false }],
                    message,
                    CommitCommands.Author,
                    current.Info.Hash,
                    null
                ),
                ApiJson.Default.CommitRequest,
                ApiJson.Default.CommitResult,
                call.Cancel
            );
        }
        catch (UnreachableException)
        {
            return null;
        }
    }

    private static WebSecrets Read(string file) =>
        !File.Exists(file) ? throw new RefusedException($"{file} is not there", "make the first administrator: hitless web password admin")
        : WebSecrets.TryRead(File.ReadAllBytes(file), out var secrets, out var error) ? secrets
        : throw new RefusedException($"{file} cannot be used: {error}", "copy it from another unit, or move it away and begin anew");

    private static void RequireName(string name)
    {
        if (!WebSecrets.IsName(name))
        {
            throw new UsageException($"\"{name}\" is not a valid name", NameHint);
        }
    }

    private static string Word(WebRole role) => role.ToString().ToLower(CultureInfo.InvariantCulture);
}
