using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Forwarding;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Forwarding;

/// <summary>
/// Holds what this standby forwards by against what the primary does: digests in heartbeats, and the whole only while those differ. A
/// difference that would cost traffic makes the standby not ready.
/// </summary>
public sealed class ForwardingWatch(string name, ControlLoop control, PeerClient peers, EventLog events, IReadOnlyList<string> ignored)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private volatile ForwardingStatus? status;
    private (ulong Own, ulong Primary) compared;

    /// <summary>The call by which a standby fetches the primary's state.</summary>
    public static PeerCall<PeerQuestion, ForwardingState> Call { get; } =
        new("forwarding.state", PeerJson.Default.PeerQuestion, ForwardingStateJson.Default.ForwardingState);

    /// <summary>The last comparison; null: this unit is primary, there is no primary, or it does not tell.</summary>
    public ForwardingStatus? Status => status;

    /// <summary>Compares until <paramref name="cancel"/>.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Between);
        do
        {
            var view = await control.ViewAsync();
            if (
                control.Forwarding is not { } own
                || view.Primary is not { } primary
                || primary.Name == name
                || primary.ForwardingDigest == 0
            )
            {
                Take(null, (0, 0));
                continue;
            }

            // A change reaches one unit before the other: what differs at one look only is none.
            var now = (own.Digest, primary.ForwardingDigest);
            if (own.Digest == primary.ForwardingDigest)
            {
                Take(new ForwardingStatus(true, primary.Name, []), now);
            }
            else if (compared != now)
            {
                await CompareAsync(own, primary, now, cancel);
            }
        } while (await timer.WaitForNextTickAsync(cancel));
    }

    private async Task CompareAsync(ForwardingState own, UnitView primary, (ulong Own, ulong Primary) now, CancellationToken cancel)
    {
        try
        {
            var theirs = await peers.CallAsync(primary.Name, Call, new PeerQuestion(name), Timeout, cancel);
            var differences = ForwardingComparison.Compare(theirs, own, ignored);
            Take(new ForwardingStatus(!differences.Any(each => each.LosesTraffic), primary.Name, differences), (now.Own, theirs.Digest));
        }
        catch (PeerException)
        {
            // It is asked again in a second; what was found before stands.
        }
    }

    private void Take(ForwardingStatus? found, (ulong Own, ulong Primary) now)
    {
        compared = now;
        var (before, after) = (status?.AsPrimary ?? true, found?.AsPrimary ?? true);
        status = found;
        if (before == after)
        {
            return;
        }

        control.Post(ClusterInput.ForwardingCompared(after));
        events.Add(
            EventKinds.Health,
            after
                ? $"{name} would forward as the primary does again"
                : $"{name} would not forward as {found!.Primary} does: "
                    + $"{ForwardingComparison.Describe(found.Differences[0], found.Primary, name)}"
        );
    }
}

/// <summary>The JSON of <see cref="ForwardingWatch.Call"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ForwardingState))]
public sealed partial class ForwardingStateJson : JsonSerializerContext;
