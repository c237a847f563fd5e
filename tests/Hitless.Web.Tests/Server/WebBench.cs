using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Hitless.Cli.Commands;
using Hitless.Core.Web;
using Hitless.Daemon.Api;
using Hitless.Daemon.Requests;
using Hitless.Daemon.Tests.Api;
using Hitless.Web.Access;
using Hitless.Web.Hosting;
using Xunit;

namespace Hitless.Web.Tests.Server;

/// <summary>
/// The real server, by HTTPS on a port of its own, before the real local API of a scripted unit. It has a user and a token of each role.
/// </summary>
internal sealed class WebBench : IAsyncDisposable
{
    public const string Password = "four words that rhyme";

    // Made once: each costs what a log-in costs.
    private static readonly PasswordHash Hash = PasswordHash.Of(Password, new byte[PasswordHash.SaltBytes]);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hitless-web-");
    private readonly List<WebServer> _servers = [];
    private ApiHost? _unit;

    public ScriptedUnit Unit { get; } = new();

    /// <summary>What the local API's handlers failed of.</summary>
    public List<string> Crashes { get; } = [];

    public ApiHost Host => _unit!;

    public Uri Address { get; private set; } = null!;

    public string SecretsPath => Path.Combine(_folder.FullName, "web.json");

    public IEnumerable<JsonElement> Audit =>
        File.ReadAllLines(Path.Combine(_folder.FullName, "state1", "audit.jsonl")).Select(line => JsonDocument.Parse(line).RootElement);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<WebBench> StartAsync()
    {
        var bench = new WebBench();
        bench.Write(
            WebRoles()
                .Aggregate(WebSecretsMaker.Make([]), (secrets, role) => secrets.With(UserOf(role)).With(TokenOf(role, TokenName(role))))
        );
        await bench.StartUnitAsync();
        bench.Address = await bench.StartServerAsync();
        return bench;
    }

    public static IEnumerable<WebRole> WebRoles() => Enum.GetValues<WebRole>();

    public static string TokenName(WebRole role) => $"token-{role}";

    /// <summary>The token's text, which is its name made long.</summary>
    public static string TokenSecret(string name) => $"hitless_{name}-in-full";

    public WebSecrets Read() =>
        WebSecrets.TryRead(File.ReadAllBytes(SecretsPath), out var secrets, out _) ? secrets : throw new InvalidDataException();

    public void Write(WebSecrets secrets)
    {
        File.WriteAllBytes(SecretsPath, secrets.ToFile());
        File.SetUnixFileMode(SecretsPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Another server with the same file, as on another unit; it has a state of its own.</summary>
    public async Task<Uri> StartServerAsync()
    {
        var state = _folder.CreateSubdirectory($"state{_servers.Count + 1}").FullName;
        var server = new WebServer(SecretsFile.Open(SecretsPath, null), Socket(), state, [new IPEndPoint(IPAddress.Loopback, 0)]);
        await server.StartAsync(Cancel);
        _servers.Add(server);
        return new Uri(server.Addresses.Single());
    }

    /// <summary>The first server ends, and another begins with what it left.</summary>
    public async Task RestartServerAsync()
    {
        await _servers[0].DisposeAsync();
        _servers.Clear();
        Address = await StartServerAsync();
    }

    public async Task StartUnitAsync()
    {
        _unit = new ApiHost(Unit, Socket(), new KeptRequests(_folder.FullName, TimeProvider.System), Crashes.Add);
        await _unit.StartAsync(Cancel);
    }

    public async Task StopUnitAsync()
    {
        await _unit!.DisposeAsync();
        _unit = null;
    }

    /// <summary>A client that takes the file's certificate alone, and keeps no cookies by itself.</summary>
    public HttpClient Client(WebRole? token = null)
    {
        var expected = X509CertificateLoader
            .LoadCertificate(Encoding.ASCII.GetBytes(Read().Certificate))
            .GetCertHash(HashAlgorithmName.SHA256);
        var client = new HttpClient(
            new SocketsHttpHandler
            {
                UseCookies = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                        certificate!.GetCertHash(HashAlgorithmName.SHA256).AsSpan().SequenceEqual(expected),
                },
            }
        )
        {
            BaseAddress = Address,
        };
        if (token is { } role)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenSecret(TokenName(role)));
        }

        return client;
    }

    public static HttpRequestMessage LogIn(string user, string password)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/session") { Content = Json(new { user, password }) };
        request.Headers.Add("Hitless-Request", "1");
        return request;
    }

    /// <summary>Logs in, and gives the cookie as a browser would send it.</summary>
    public async Task<string> CookieAsync(WebRole role)
    {
        using var client = Client();
        using var answer = await client.SendAsync(LogIn($"{role}", Password), Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    /// <summary>Sends bytes as they are, and gives back the status line.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Address.Host, Address.Port, Cancel);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        using var reader = new StreamReader(tls, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_unit is not null)
        {
            await _unit.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static StringContent Json<T>(T value) => new(JsonSerializer.Serialize(value), Encoding.UTF8, "application/json");

    private static WebUser UserOf(WebRole role) => new($"{role}", role, Hash, (long)role);

    private static WebToken TokenOf(WebRole role, string name) =>
        new(name, role, TokenText.Hash(TokenSecret(name)), DateTimeOffset.UtcNow.AddHours(1));

    private string Socket() => Path.Combine(_folder.FullName, "unit.sock");
}
