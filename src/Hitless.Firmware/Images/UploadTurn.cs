namespace Hitless.Firmware.Images;

/// <summary>The one who appends to an upload now.</summary>
internal sealed class UploadTurn(CancellationToken sender) : IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(sender);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its sender left, or another one goes on.</summary>
    public CancellationToken Cancelled => _end.Token;

    /// <summary>Complete when it appends no more.</summary>
    public Task Left => _left.Task;

    /// <summary>Another one goes on. Not after <see cref="SayLeft"/>.</summary>
    public void End() => _end.Cancel();

    public void SayLeft() => _left.TrySetResult();

    public void Dispose() => _end.Dispose();
}
