using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Switching;

/// <summary>The offer of a primary that this standby takes up, or did not take up last.</summary>
internal sealed class TakenOffer
{
    private UnitId from;
    private RequestId request;
    private RequestId declined;

    /// <summary>Takes up what <paramref name="primary"/> offers.</summary>
    public void Take(Peer primary, in Offer offer) => (from, request) = (primary.Unit, offer.Request);

    /// <summary>Whether <paramref name="primary"/> still makes the offer that was taken up.</summary>
    public bool IsMadeBy(Peer primary) => primary.Unit == from && Stands(primary);

    /// <summary>Whether the offer that was taken up is the one that <paramref name="primary"/> makes.</summary>
    public bool Stands(Peer primary) => primary.Last.Offer?.Request == request;

    /// <summary>It is not taken up after all, and not again.</summary>
    public void Decline() => declined = request;

    /// <summary>Whether it was declined before.</summary>
    public bool IsDeclined(in Offer offer) => offer.Request == declined;

    /// <summary>Another primary counts its offers anew.</summary>
    public void Forget() => declined = RequestId.None;
}
