using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Tests.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Checks;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>What is a reason not to begin a run, and what is only worth a warning.</summary>
public sealed class PreflightTests
{
    private static readonly DateTimeOffset Saturday = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_healthy_cluster_passes_every_check()
    {
        var check = Preflight.Judge(Healthy());

        Assert.True(
            check.Ready,
            string.Join("; ", check.Checks.Where(c => c.Result != CheckOutcome.Pass).Select(c => $"{c.Id}: {c.Text}"))
        );
        Assert.All(check.Checks, each => Assert.Equal(CheckOutcome.Pass, each.Result));
        Assert.Equal(
            [
                "image-signature",
                "image-slots",
                "conversion",
                "image-product",
                "image-platform",
                "image-upgrade-path",
                "image-wire",
                "image-configuration",
                "minimum-version",
                "slots",
                "disk-room",
                "slots",
                "disk-room",
                "rehearsal",
                "units-ready",
                "units-healthy",
                "one-version",
                "heartbeat-links",
                "no-open-run",
                "forwarding",
                "configuration-in-sync",
                "session-difference",
                "bound-sessions",
            ],
            check.Checks.Select(each => each.Id)
        );
    }

    /// <summary>Each with what is changed in a healthy cluster, and what comes of it.</summary>
    public static TheoryData<string, string, CheckOutcome, Func<PreflightFacts, PreflightFacts>> Faults { get; } =
        new()
        {
            { "no image", "image", CheckOutcome.Fail, f => Image(f, i => i with { Missing = new Refusal("no such image", "upload it") }) },
            {
                "forged",
                "image-signature",
                CheckOutcome.Fail,
                f => Image(f, i => i with { Forged = new Refusal("tampered", "copy it again") })
            },
            {
                "other slots",
                "image-slots",
                CheckOutcome.Fail,
                f => Image(f, i => i with { OtherSlots = new Refusal("a bundle", "take an image") })
            },
            { "no reboot", "activation", CheckOutcome.Fail, f => Rebooting(f, false) },
            { "reboot unknown", "activation", CheckOutcome.Warn, f => Rebooting(f, null) },
            { "reboot", "activation", CheckOutcome.Pass, f => Rebooting(f, true) },
            { "runs already", "image-upgrade-path", CheckOutcome.Fail, f => Units(f, u => u with { Version = f.Header.To }) },
            { "too old a version", "image-upgrade-path", CheckOutcome.Fail, f => Units(f, u => u with { Version = "0.1.0" }) },
            {
                "older than allowed",
                "minimum-version",
                CheckOutcome.Fail,
                f => f with { Rules = f.Rules with { MinimumVersion = "9.0.0" } }
            },
            {
                "older, allowed",
                "minimum-version",
                CheckOutcome.Warn,
                f => Header(f with { Rules = f.Rules with { MinimumVersion = "9.0.0" } }, h => h with { AllowDowngrade = true })
            },
            {
                "no slot",
                "slots",
                CheckOutcome.Fail,
                f => Header(f, h => h with { Members = [.. h.Members.Select(m => m with { Slot = "" })] })
            },
            { "full disk", "disk-room", CheckOutcome.Fail, f => Units(f, u => u with { FreeBytes = 99 }) },
            { "disk not known", "disk-room", CheckOutcome.Warn, f => Units(f, u => u with { FreeBytes = null }) },
            {
                "a unit away",
                "units-ready",
                CheckOutcome.Fail,
                f => Units(f, u => u.Name == "gw1" ? u : u with { Ready = false, State = UnitStateWord.Absent })
            },
            { "too few to keep redundancy", "redundancy", CheckOutcome.Fail, f => Header(f, h => h with { KeepRedundancy = true }) },
            {
                "redundancy by a unit that fails",
                "redundancy",
                CheckOutcome.Fail,
                f => Three(f) with { Units = [Unit("gw1"), Unit("gw2"), Unit("gw3") with { Failures = 1 }] }
            },
            { "redundancy", "redundancy", CheckOutcome.Pass, Three },
            {
                "a unit held",
                "units-ready",
                CheckOutcome.Fail,
                f => Units(f, u => u.Name == "gw1" ? u : u with { Ready = false, State = UnitStateWord.Held })
            },
            {
                "a held primary",
                "units-ready",
                CheckOutcome.Fail,
                f => Units(f, u => u.Name == "gw1" ? u with { State = UnitStateWord.Held } : u)
            },
            { "no primary", "units-ready", CheckOutcome.Fail, f => f with { Primary = null } },
            { "a failed probe", "units-healthy", CheckOutcome.Fail, f => Units(f, u => u with { Failures = u.Name == "gw1" ? 0 : 1 }) },
            {
                "mixed with another",
                "one-version",
                CheckOutcome.Fail,
                f => Units(f, u => u.Name == "gw1" ? u : u with { Version = "1.0.5" })
            },
            {
                "mixed with the goal",
                "one-version",
                CheckOutcome.Warn,
                f => Units(f, u => u.Name == "gw1" ? u : u with { Version = f.Header.To })
            },
            { "one link", "heartbeat-links", CheckOutcome.Warn, f => f with { Rules = f.Rules with { HeartbeatLinks = 1 } } },
            { "an open run", "no-open-run", CheckOutcome.Fail, f => f with { RunIsOpen = true } },
            { "all at once", "interruption", CheckOutcome.Fail, f => Header(f, h => h with { Simultaneous = true }) },
            {
                "all at once, meant",
                "interruption",
                CheckOutcome.Warn,
                f => Header(f, h => h with { Simultaneous = true, AcceptInterruption = true })
            },
            {
                "closed",
                "maintenance-window",
                CheckOutcome.Fail,
                f => f with { Rules = f.Rules with { Windows = [Window("sun 02:00-04:00")] } }
            },
            { "too short", "window", CheckOutcome.Fail, f => Header(f, h => h with { Until = Saturday.AddSeconds(1) }) },
            { "long enough", "window", CheckOutcome.Pass, f => Header(f, h => h with { Until = Saturday.AddDays(1) }) },
            { "no route", "forwarding", CheckOutcome.Fail, f => f with { Forwarding = [Other(losesTraffic: true)] } },
            { "another metric", "forwarding", CheckOutcome.Warn, f => f with { Forwarding = [Other(losesTraffic: false)] } },
            {
                "says nothing",
                "forwarding",
                CheckOutcome.Warn,
                f => f with { Forwarding = [new PreflightForwarding("gw2", null, "no answer")] }
            },
            { "not compared", "forwarding", CheckOutcome.Warn, f => f with { Forwarding = [new PreflightForwarding("gw2", null, null)] } },
            {
                "out of sync",
                "configuration-in-sync",
                CheckOutcome.Fail,
                f => f with { Configuration = f.Configuration with { InSync = false } }
            },
            { "sessions missing", "session-difference", CheckOutcome.Fail, f => Sessions(f, d => d with { Breaking = 50 }) },
            { "masquerade", "bound-sessions", CheckOutcome.Fail, f => Sessions(f, d => d with { Causes = [Bound(50, critical: 0)] }) },
            { "one of many", "bound-sessions", CheckOutcome.Warn, f => Sessions(f, d => d with { Causes = [Bound(1, critical: 0)] }) },
            {
                "one, critical",
                "bound-sessions",
                CheckOutcome.Fail,
                f => Sessions(f, d => d with { Causes = [Bound(1, critical: 1)], Critical = 1 })
            },
            { "not counted", "bound-sessions", CheckOutcome.Warn, f => Sessions(f, d => d with { Classes = null }) },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_named(string fault, string id, CheckOutcome result, Func<PreflightFacts, PreflightFacts> change)
    {
        var check = Preflight.Judge(change(Healthy()));

        var named = check.Checks.Where(each => each.Id == id).ToArray();
        Assert.True(
            named.Any(each => each.Result == result),
            $"{fault}: {string.Join("; ", named.Select(each => $"{each.Result} {each.Text}"))}"
        );
        Assert.Equal(check.Checks.All(each => each.Result != CheckOutcome.Fail), check.Ready);
        Assert.All(named.Where(each => each.Result == CheckOutcome.Fail), each => Assert.False(string.IsNullOrWhiteSpace(each.Remedy)));
    }

    [Fact]
    public void A_run_that_takes_one_back_is_urgent_and_needs_no_image()
    {
        var facts = Healthy() with { Rules = Healthy().Rules with { Windows = [Window("sun 02:00-04:00")] }, Image = null };
        facts = Header(facts, h => h with { TakesBack = "run-6" }) with
        {
            OldSlots = [new CheckResult("old-slot", CheckOutcome.Pass, "gw1: b", null)],
        };

        var ids = Preflight.Judge(facts).Checks.Select(each => each.Id).ToArray();

        Assert.Equal("old-slot", ids[0]);
        Assert.DoesNotContain(ids, id => id.StartsWith("image", StringComparison.Ordinal) || id is "disk-room" or "maintenance-window");
    }

    [Fact]
    public void The_open_run_itself_is_no_reason_against_it_and_neither_is_a_window_that_closes()
    {
        var facts = Healthy() with
        {
            DuringRun = true,
            RunIsOpen = true,
            Rules = Healthy().Rules with { Windows = [Window("sun 02:00-04:00")] },
        };
        Assert.True(Preflight.Judge(facts).Ready);
    }

    [Theory]
    [InlineData("in-sync", true)]
    [InlineData("unreachable", true)]
    [InlineData("out-of-sync", false)]
    public void Only_what_is_out_of_sync_may_be_a_commit_under_way(string state, bool settled) =>
        Assert.Equal(settled, Preflight.IsSettled(Report(SyncState.Of(state))));

    private static PreflightFacts Healthy() =>
        new()
        {
            Header = new RunHeader(
                "run-7",
                "hash",
                "1.0.0",
                SampleImage.Manifest.Version.ToString(),
                Guided: false,
                KeepPrimary: false,
                "gw1",
                [new RunMember("gw1", "1.0.0", "a", 200), new RunMember("gw2", "1.0.0", "b", 100)],
                Saturday,
                SoakMs: 2000,
                RejoinTimeoutMs: 60_000
            ),
            DuringRun = false,
            Rules = new PreflightRules(Units: 2, HeartbeatLinks: 2, MinimumVersion: null, Windows: [], SessionDifferenceLimit: 0.01),
            Now = Saturday,
            Primary = "gw1",
            Units = [Unit("gw1"), Unit("gw2")],
            RunIsOpen = false,
            Image = new PreflightImage(
                null,
                SampleImage.Manifest,
                "Release",
                null,
                "folders",
                null,
                Bytes: 1 << 20,
                new CheckResult("conversion", CheckOutcome.Pass, "nothing is converted", null),
                SampleImage.Running
            ),
            OldSlots = [],
            Forwarding = [new PreflightForwarding("gw2", new ForwardingStatus(true, "gw1", []), null)],
            Configuration = Report(SyncState.InSync),
            Sessions =
            [
                new PreflightSessions(
                    "gw2",
                    new SessionDifference("gw1", "gw2", 0, 0, 0, 0, 64, Compared: 1000, [])
                    {
                        ClassesOf = "gw1",
                        Classes = new SessionClasses(1000, 0, 0, 3),
                    }
                ),
            ],
        };

    private static PreflightUnit Unit(string name) =>
        new(name, UnitStateWord.Ready, Present: true, Ready: true, "1.0.0", Failures: 0, FreeBytes: 1L << 30, CanReboot: null);

    private static PreflightFacts Three(PreflightFacts facts) =>
        Header(facts, header => header with { KeepRedundancy = true }) with
        {
            Units = [Unit("gw1"), Unit("gw2"), Unit("gw3")],
            Rules = facts.Rules with { Units = 3 },
        };

    private static SyncReport Report(SyncState state) =>
        new("edge", state == SyncState.InSync, 3, "hash", [new("gw2", state, 3, "hash", null, null, null, [])]);

    private static SessionCauseCount Bound(long count, long critical) =>
        new(
            SessionCauseWord.TranslatedSource,
            SessionClassWord.Bound,
            count,
            count,
            critical,
            "are translated to an address of gw1",
            "snat to 10.10.2.1"
        );

    private static MaintenanceWindow Window(string text) =>
        MaintenanceWindow.TryParse(text, out var window) ? window : throw new ArgumentException(text, nameof(text));

    private static PreflightForwarding Other(bool losesTraffic) =>
        new("gw2", new ForwardingStatus(!losesTraffic, "gw1", [new("route default", "via 10.10.2.10", null, losesTraffic)]), null);

    private static PreflightFacts Header(PreflightFacts facts, Func<RunHeader, RunHeader> change) =>
        facts with
        {
            Header = change(facts.Header),
        };

    private static PreflightFacts Image(PreflightFacts facts, Func<PreflightImage, PreflightImage> change) =>
        facts with
        {
            Image = change(facts.Image!),
        };

    private static PreflightFacts Rebooting(PreflightFacts facts, bool? can) =>
        Units(Image(facts, image => image with { Manifest = image.Manifest! with { Activation = Activation.Reboot } }), unit =>
            unit with
            {
                CanReboot = can,
            }
        );

    private static PreflightFacts Units(PreflightFacts facts, Func<PreflightUnit, PreflightUnit> change) =>
        facts with
        {
            Units = [.. facts.Units.Select(change)],
        };

    private static PreflightFacts Sessions(PreflightFacts facts, Func<SessionDifference, SessionDifference> change) =>
        facts with
        {
            Sessions = [.. facts.Sessions.Select(each => each with { Difference = change(each.Difference) })],
        };
}
