using System.Net.Http.Headers;
using Hitless.Core.Api;
using Hitless.Core.Notices;

namespace Hitless.Daemon.Notices;

/// <summary>A page that takes POST: any status of 2xx means that the event is taken.</summary>
internal sealed class WebhookTarget(Uri page, string? secretFile, string cluster) : INoticeTarget
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Patience })
    {
        Timeout = Patience,
    };

    /// <inheritdoc/>
    public async Task<string?> TellAsync(ClusterEvent told, CancellationToken cancel)
    {
        var body = new WebhookBody(cluster, told).ToJson();
        using var request = new HttpRequestMessage(HttpMethod.Post, page) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            if (secretFile is not null)
            {
                var secret = await File.ReadAllBytesAsync(secretFile, cancel);
                request.Headers.Add(WebhookBody.SignatureHeader, WebhookBody.Sign(body, secret.AsSpan().TrimEnd("\r\n"u8)));
            }

            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return answer.IsSuccessStatusCode ? null : $"{page} answers {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return $"{page}: {e.InnerException?.Message ?? e.Message}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"{page}: no answer within {Patience.TotalSeconds} s";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
