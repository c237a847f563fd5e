namespace Hitless.Core.Sessions;

/// <summary>
/// How far a bulk may be ahead of a follower. Live updates stand behind the bulk in the follower's queue, so the window is as many frames
/// as the follower applies in some ten milliseconds: one frame at a time is timed on its way to the follower's kernel and back.
/// </summary>
internal sealed class BulkWindow
{
    private const int FramesMin = 16;
    private const int FramesMax = 512;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(20);
    private int frames = 64;
    private ulong timed;
    private TimeSpan timedAt;

    /// <summary>
    /// Whether more may be sent after the frame <paramref name="last"/>, when the follower has reported <paramref name="applied"/>.
    /// </summary>
    public bool MayProceed(ulong last, ulong applied, TimeSpan now)
    {
        if (timed != 0 && applied >= timed)
        {
            var took = now - timedAt;
            frames =
                took < Short ? Math.Min(FramesMax, frames + (frames / 4))
                : took > Long ? Math.Max(FramesMin, frames * 3 / 4)
                : frames;
            timed = 0;
        }

        if (timed == 0 && last > applied)
            (timed, timedAt) = (last, now);
        return last <= applied || last - applied < (ulong)frames;
    }
}
