using Hitless.Cli;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Web;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary><c>hitless web</c>, where no unit answers: the file is written here. (By a commit: the lab's test.)</summary>
public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hitless-web-cli-");

    private string Secrets => Path.Combine(_folder.FullName, "web.json");

    [Fact]
    public async Task Password_makes_the_first_administrator_and_token_is_shown_once()
    {
        Assert.Equal(0, (await RunAsync("correct horse battery", "web", "password", "ada", "--file", Secrets)).Code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Secrets));
        var user = Read().Users.Single();
        Assert.Equal(("ada", WebRole.Admin), (user.Name, user.Role));
        Assert.True(user.Password.Matches("correct horse battery"));
        Assert.False(user.Password.Matches("correct horse batterz"));

        var (code, output) = await RunAsync("", "web", "token", "prometheus", "--file", Secrets, "--expires", "30d");
        Assert.Equal(0, code);
        var token = output.Split('\n').Single(line => line.StartsWith("hitless_", StringComparison.Ordinal));
        Assert.DoesNotContain(token, await File.ReadAllTextAsync(Secrets, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var now = DateTimeOffset.UtcNow;
        Assert.Equal(WebRole.Viewer, TokenText.Find(Read().Tokens, token, now)?.Role);
        Assert.Null(TokenText.Find(Read().Tokens, token, now.AddDays(31)));

        Assert.Contains("prometheus", (await RunAsync("", "web", "list", "--file", Secrets)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("", "web", "remove", "prometheus", "--file", Secrets)).Code);
        Assert.Empty(Read().Tokens);
    }

    [Fact]
    public async Task A_new_password_keeps_the_role_the_keys_and_the_certificate_and_has_a_new_stamp()
    {
        await RunAsync("correct horse battery", "web", "password", "bob", "--role", "viewer", "--file", Secrets);
        var before = Read();
        await RunAsync("another horse battery", "web", "password", "bob", "--file", Secrets);
        var after = Read();
        Assert.Equal(WebRole.Viewer, after.Users.Single().Role);
        Assert.NotEqual(before.Users.Single().Stamp, after.Users.Single().Stamp);
        Assert.Equal(before.Certificate, after.Certificate);
        Assert.Equal(before.SessionKey, after.SessionKey);
    }

    [Fact]
    public async Task A_second_factor_is_shown_once_stays_with_a_new_password_and_can_be_taken_away()
    {
        await RunAsync("correct horse battery", "web", "password", "ada", "--file", Secrets);
        var before = Read().Users.Single();
        var (code, output) = await RunAsync("", "web", "totp", "ada", "--file", Secrets);
        Assert.Equal(0, code);
        var given = Read().Users.Single();
        Assert.NotEqual(before.Stamp, given.Stamp);
        Assert.Contains($"secret={TotpCode.Base32(given.Factor!.Secret)}&", output, StringComparison.Ordinal);
        var recovery = output.Split('\n').Where(line => line.Length == 19 && line[4] == '-').ToList();
        Assert.Equal(SecondFactor.RecoveryCount, recovery.Count);
        Assert.All(recovery, each => Assert.NotNull(given.Factor.Use(each, DateTimeOffset.UtcNow)));
        var file = await File.ReadAllTextAsync(Secrets, TestContext.Current.CancellationToken);
        Assert.All(recovery, each => Assert.DoesNotContain(each, file, StringComparison.Ordinal));

        await RunAsync("another horse battery", "web", "password", "ada", "--file", Secrets);
        Assert.Equal(given.Factor.Secret, Read().Users.Single().Factor!.Secret);
        Assert.Equal(0, (await RunAsync("", "web", "totp", "ada", "--off", "--file", Secrets)).Code);
        Assert.Null(Read().Users.Single().Factor);
        Assert.Equal(1, (await RunAsync("", "web", "totp", "nobody", "--file", Secrets)).Code);
    }

    [Theory]
    [InlineData("short", "web", "password", "ada")]
    [InlineData("", "web", "token", "no-file-yet")]
    [InlineData("", "web", "remove", "ada")]
    public async Task What_cannot_be_done_is_refused_and_changes_nothing(string input, params string[] words)
    {
        Assert.Equal(1, (await RunAsync(input, [.. words, "--file", Secrets])).Code);
        Assert.False(File.Exists(Secrets));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private WebSecrets Read() =>
        WebSecrets.TryRead(File.ReadAllBytes(Secrets), out var secrets, out var error) ? secrets : throw new InvalidDataException(error);

    private async Task<(int Code, string Output)> RunAsync(string input, params string[] words)
    {
        await using var output = new StringWriter();
        Console.SetIn(new StringReader(input));
        var code = await HitlessCommand.RunAsync(
            ["--socket", Path.Combine(_folder.FullName, "none.sock"), .. words],
            new Screen(output, TextWriter.Null, isTerminal: false),
            new Patience(TimeSpan.Zero, TimeSpan.Zero),
            TestContext.Current.CancellationToken
        );
        return (code, output.ToString());
    }
}
