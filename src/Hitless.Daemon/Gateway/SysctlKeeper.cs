using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Linux.Sysctls;

namespace Hitless.Daemon.Gateway;

/// <summary>
/// The kernel settings of a gateway: sets them, puts back what another program has changed, and says so. What stood before the first start
/// is put back when the unit leaves.
/// For several threads, but not for the control loop's: it writes files.
/// </summary>
public sealed class SysctlKeeper(string stateFolder, IReadOnlyList<string> ports, EventLog events) : IWatchDuty
{
    private const int SaidPerMinute = 3;
    private readonly SysctlScope scope = new(Path.Combine(stateFolder, "sysctls.json"));
    private readonly Dictionary<string, (TimeSpan Since, int Times)> said = new(StringComparer.Ordinal);

    // As the kernel keeps them: times are rounded to its ticks.
    private readonly Dictionary<string, string> kept = new(StringComparer.Ordinal);
    private bool withdrawn;

    /// <summary>Sets everything that a unit needs.</summary>
    public void Apply()
    {
        lock (scope)
        {
            foreach (var problem in GatewaySysctls.Apply(scope, ports))
            {
                events.Add(EventKinds.Unit, problem);
            }
        }
    }

    /// <summary>Puts back what somebody else has changed since; an interface that is away is passed over.</summary>
    public void Tick(TimeSpan now)
    {
        lock (scope)
        {
            scope.SaveAgain();
            foreach (var (name, value) in withdrawn ? [] : GatewaySysctls.Wanted(ports))
            {
                if (SysctlScope.Read(name) is not { } standing || standing == kept.GetValueOrDefault(name, value))
                {
                    continue;
                }

                if (scope.Set(name, value, out var found) is null && found is not null && SysctlScope.Read(name) is { } set && set != found)
                {
                    Say(name, found, value, now);
                }

                kept[name] = SysctlScope.Read(name) ?? value;
            }

            foreach (var (name, found) in withdrawn ? [] : GatewaySysctls.KeepAdvertisementsAgain(scope))
            {
                Say(name, found, GatewaySysctls.EvenIfForwarding, now);
            }
        }
    }

    /// <summary>
    /// Lets the kernel take TCP packets of any window, or (<paramref name="any"/> false) look at windows as it did before.
    /// </summary>
    public void TakeAnyWindow(bool any)
    {
        lock (scope)
        {
            if (!withdrawn && (any ? GatewaySysctls.TakeAnyWindow(scope) : GatewaySysctls.TakeOwnWindow(scope)) is { } problem)
            {
                events.Add(EventKinds.Unit, problem);
            }
        }
    }

    /// <summary>What <see cref="Withdraw"/> would set, one line each.</summary>
    public IReadOnlyList<string> ToRestore()
    {
        lock (scope)
        {
            return
            [
                .. scope
                    .Before.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => $"{pair.Key.Replace('/', '.')}={pair.Value}"),
            ];
        }
    }

    /// <summary>Puts back what stood before the unit's first start; from then on nothing is set any more.</summary>
    public void Withdraw()
    {
        lock (scope)
        {
            withdrawn = true;
            foreach (var problem in scope.Restore())
            {
                events.Add(EventKinds.Unit, problem);
            }
        }
    }

    /// <summary>Two programs that set the same value again and again must not fill the events.</summary>
    private void Say(string name, string found, string value, TimeSpan now)
    {
        var (since, times) = said.GetValueOrDefault(name);
        (since, times) = now - since > TimeSpan.FromMinutes(1) || times == 0 ? (now, 1) : (since, times + 1);
        said[name] = (since, times);
        if (times <= SaidPerMinute)
        {
            var sysctl = name.Replace('/', '.');
            events.Add(
                EventKinds.Unit,
                $"another program set {sysctl}={found}; Hitless needs {value} and has put it back. "
                    + $"Look for it: grep -r {sysctl[(sysctl.LastIndexOf('.') + 1)..]} /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d"
            );
        }
    }
}
