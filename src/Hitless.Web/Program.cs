using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hitless.Web;
using Hitless.Web.Access;
using Hitless.Web.Hosting;

if (args is ["--version"])
{
    Console.WriteLine($"hitless-web {RequestFlow.Version}");
    return 0;
}

if (WebArguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(WebArguments.Usage);
    return 2;
}

using var end = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    end.Cancel();
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    Directory.CreateDirectory(arguments.State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    var given = arguments.Certificate is { } file ? X509Certificate2.CreateFromPemFile(file, arguments.Key) : null;
    await using var server = new WebServer(
        SecretsFile.Open(arguments.Secrets, given),
        arguments.UnitSocket,
        arguments.State,
        arguments.Listen
    );
    await server.StartAsync(end.Token);
    Console.Error.WriteLine($"hitless-web {RequestFlow.Version} answers on {string.Join(", ", server.Addresses)}");
    await Task.Delay(Timeout.Infinite, end.Token);
    return 0;
}
catch (OperationCanceledException)
{
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException)
{
    Console.Error.WriteLine($"hitless-web: {e.Message}");
    return 1;
}
