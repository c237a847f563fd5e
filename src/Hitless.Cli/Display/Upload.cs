using Hitless.Core.Api;
using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>Sends an image to the unit; a bar shows how far it is on a terminal.</summary>
internal static class Upload
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    public static async Task<ImageInfo> SendAsync(Call call, string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var sent = call.Unit.UploadAsync("/v1/firmware", file, ApiJson.Default.ImageInfo, call.Cancel);
        if (call.Screen is { Json: false, IsTerminal: true })
        {
            await call
                .Screen.Console.Progress()
                .AutoClear(true)
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask(Markup.Escape($"uploading {Path.GetFileName(path)}"), maxValue: file.Length);
                    while (await Task.WhenAny(sent, Task.Delay(Refresh, call.Cancel)) != sent && !call.Cancel.IsCancellationRequested)
                    {
                        bar.Value = file.Position;
                    }
                });
        }

        return await sent;
    }
}
