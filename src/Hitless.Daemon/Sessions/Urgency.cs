using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// How the session thread is scheduled. While there is little to do it goes before everything that is scheduled normally: sessions arrive
/// at once on a busy machine too, and that costs nobody much. A flood or a bulk takes its turn like other work, lest it keep the kernel
/// from forwarding. Where the rights are missing, sessions arrive as soon as may be.
/// </summary>
internal sealed class Urgency
{
    // Below the control loop's: sessions never delay a heartbeat.
    private const int Priority = 5;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Penance = TimeSpan.FromSeconds(1);
    private TimeSpan judgedAt = MonotonicClock.Now;
    private TimeSpan judgeAt;
    private TimeSpan ranBefore = RealTime.ThreadTime;
    private bool urgent;

    /// <summary>There is little to do.</summary>
    public bool IsLight { get; private set; } = true;

    /// <summary>Looks now and then how much the thread has run: more than half of the time is too much to be urgent.</summary>
    public void Judge()
    {
        var now = MonotonicClock.Now;
        if (now < judgeAt)
            return;
        var ran = RealTime.ThreadTime;
        var light = IsLight = (ran - ranBefore) * 2 <= now - judgedAt;
        (judgedAt, judgeAt, ranBefore) = (now, now + (light ? Window : Penance), ran);
        if (light == urgent)
            return;
        urgent = light;
        if (urgent)
            _ = RealTime.TryEnter(Priority);
        else
            RealTime.Leave();
    }
}
