namespace Hitless.Core.Cluster.Membership;

/// <summary>The questions that the kernels of the others were asked, by number, and when those that only measure are due.</summary>
internal sealed class KernelQuestions
{
    private const int Kept = 64;

    /// <summary>Questions that only measure. Not more often: a wake a second is what knowing costs.</summary>
    private static readonly TimeSpan CalibrationInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LearningInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LearningTime = TimeSpan.FromSeconds(2);
    private readonly (TimeSpan At, TimeSpan OwnLateness)[] asked = new (TimeSpan, TimeSpan)[Kept];
    private uint last;
    private TimeSpan calibrateAt;
    private TimeSpan learnUntil;

    /// <summary>When the last one was asked.</summary>
    public TimeSpan LastAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>
    /// The number of a question that is asked now; <paramref name="ownLateness"/>: how late this unit has been by now, summed.
    /// </summary>
    public uint Ask(TimeSpan now, TimeSpan ownLateness)
    {
        LastAt = now;
        asked[++last % Kept] = (now, ownLateness);
        return last;
    }

    /// <summary>When a question was asked, and how many were asked <paramref name="later"/>; false: it is not remembered.</summary>
    public bool TryFind(uint number, out TimeSpan at, out TimeSpan ownLateness, out int later)
    {
        var since = last - number;
        (at, ownLateness) = asked[number % Kept];
        later = (int)since;
        return since < Math.Min(last, Kept);
    }

    /// <summary>A unit has come: what its kernel answers is measured sooner.</summary>
    public void Learn(TimeSpan now)
    {
        learnUntil = now + LearningTime;
        calibrateAt = calibrateAt < now + LearningInterval ? calibrateAt : now + LearningInterval;
    }

    /// <summary>Whether a question that only measures is due; if it is, the next one is later.</summary>
    public bool TakeCalibration(TimeSpan now)
    {
        if (now < calibrateAt)
        {
            return false;
        }

        calibrateAt = now + (now < learnUntil ? LearningInterval : CalibrationInterval);
        return true;
    }
}
