using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Switching;

/// <summary>Whose sessions this standby fetches: those of one start of the primary's daemon.</summary>
internal sealed class SessionSource
{
    private IncarnationTag tag;

    /// <summary>The unit; <see cref="UnitId.None"/>: nobody's.</summary>
    public UnitId Unit { get; private set; }

    /// <summary>Whether they are those of the primary as it is now.</summary>
    public bool Is(Peer primary) => Unit == primary.Unit && tag == primary.Tag;

    /// <summary>From now on those of <paramref name="primary"/>.</summary>
    public void Follow(Peer primary) => (Unit, tag) = (primary.Unit, primary.Tag);

    /// <summary>Nobody's any more.</summary>
    public void Forget() => (Unit, tag) = (UnitId.None, IncarnationTag.None);
}
