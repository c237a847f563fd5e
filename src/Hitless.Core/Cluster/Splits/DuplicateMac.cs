namespace Hitless.Core.Cluster.Splits;

/// <summary>Somebody else speaks with our virtual MAC: said once a minute, and shown until it has been over for some seconds.</summary>
internal sealed class DuplicateMac
{
    /// <summary>Frames of our own from before a claim may still be told of; then it is somebody else's.</summary>
    public static readonly TimeSpan OwnEcho = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RecordInterval = TimeSpan.FromMinutes(1);
    private TimeSpan heardAt = TimeSpan.MinValue;
    private TimeSpan recordedAt = TimeSpan.MinValue;

    /// <summary>It was heard of late.</summary>
    public bool IsHeard(TimeSpan now) => heardAt != TimeSpan.MinValue && now - heardAt < OwnEcho;

    /// <summary>It is heard; whether that is to be recorded.</summary>
    public bool Heard(TimeSpan now)
    {
        heardAt = now;
        if (recordedAt != TimeSpan.MinValue && now - recordedAt < RecordInterval)
        {
            return false;
        }

        recordedAt = now;
        return true;
    }
}
