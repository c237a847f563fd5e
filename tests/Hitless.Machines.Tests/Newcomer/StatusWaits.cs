using System.Text.Json;
using Xunit;

namespace Hitless.Machines.Tests.Newcomer;

/// <summary>Waits until a machine's hitlessd says what it should; a minute at the most.</summary>
internal static class StatusWaits
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    public static Task UntilNoProblemAsync(this SystemdMachine machine) =>
        UntilStatusAsync(machine, status => status.GetProperty("problems").GetArrayLength() == 0, "there are problems");

    public static Task UntilPrimaryAsync(this SystemdMachine machine, string primary) =>
        UntilStatusAsync(machine, status => status.GetProperty("primary").GetString() == primary, $"{primary} is not primary");

    public static async Task UntilStatusAsync(this SystemdMachine machine, Func<JsonElement, bool> wanted, string otherwise)
    {
        var said = "";
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            DateTimeOffset.UtcNow < until;
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            said = machine.Type("hitless status --json || true");
            if (said.StartsWith('{') && wanted(JsonDocument.Parse(said).RootElement))
            {
                return;
            }
        }

        Assert.Fail($"{otherwise}: {said}");
    }

    public static async Task UntilActiveAsync(this SystemdMachine machine, string target)
    {
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            machine.Type($"systemctl is-active {target} || true").Trim() != "active";
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"{target} of {machine.Name} is not active");
        }
    }

    /// <summary>All units are ready, as this one sees it, and the primary is the named one.</summary>
    public static async Task UntilReadyAsync(this SystemdMachine machine, string primary, int units = 2)
    {
        var said = "";
        for (
            var until = DateTimeOffset.UtcNow + ReadyLimit;
            DateTimeOffset.UtcNow < until;
            await Task.Delay(500, TestContext.Current.CancellationToken)
        )
        {
            said = machine.Type("hitless status --json || true");
            if (
                said.StartsWith('{')
                && JsonDocument.Parse(said).RootElement is var status
                && status.TryGetProperty("primary", out var named)
                && named.GetString() == primary
                && status.GetProperty("units").EnumerateArray().Count(unit => unit.GetProperty("state").GetString() == "ready") == units
            )
            {
                return;
            }
        }

        var journal = machine.Type("journalctl -u hitless --no-pager | tail -30");
        Assert.Fail(
            $"{primary} is not primary of {units} ready units after {ReadyLimit.TotalSeconds} s, "
                + $"{machine.Name} says: {said}\n{journal}"
        );
    }
}
