using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon;

/// <content>Gates that somebody outside opens.</content>
public sealed partial class Unit
{
    private const int GateReasonMax = 200;

    /// <inheritdoc/>
    public async Task<RunStatus> PassGateAsync(GateWord word, CancellationToken cancel)
    {
        if (word.Gate is null || (word.Reason is { } reason && (reason.Length > GateReasonMax || reason.Any(char.IsControl))))
        {
            throw new RefusedException(
                $"the word names no gate, or its reason is not one line of at most {GateReasonMax} characters",
                "as in {\"gate\": \"change-board\", \"pass\": true, \"reason\": \"CHG-123\"}"
            );
        }

        if (PrimaryOf(await control.ViewAsync()) is var primary && primary.Name != Name)
        {
            return await KnownHereAsync(await ForwardAsync(primary.Name, UpgradeCalls.Gate, word, cancel), cancel);
        }

        if (RunNow() is not { Gate.Name: { } held } || held != word.Gate)
        {
            throw new RefusedException($"no run waits for the gate {word.Gate} now", "hitless upgrade status tells where the run is");
        }

        engine.Say(word);
        _ = await UntilWrittenAsync(() => RunNow()?.Gate?.Name != word.Gate, GateLimit, cancel);
        return RunNow()!;
    }
}
