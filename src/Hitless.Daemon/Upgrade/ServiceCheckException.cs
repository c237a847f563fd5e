using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Upgrade;

/// <summary>A service check has not passed; what it found belongs in the report all the same.</summary>
internal sealed class ServiceCheckException(Refusal refusal, RunSessions sessions, double gapMs)
    : RefusedException(refusal.Error, refusal.Remedy)
{
    public RunSessions Sessions { get; } = sessions;

    public double GapMs { get; } = gapMs;
}
