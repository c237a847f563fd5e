using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Conntrack;

namespace Hitless.Daemon.Sessions;

/// <content>What the exchange asks for.</content>
internal sealed partial class SessionEngine
{
    void ISessionEffects.Send(UnitId unit, ReadOnlySpan<byte> payload) => links.Send(unit, payload, now);

    void ISessionEffects.Apply(in SessionRecord record, bool onlyIfMissing) => kernel.Apply(record, onlyIfMissing);

    void ISessionEffects.Delete(in SessionKey key) => kernel.Delete(key);

    void ISessionEffects.Expect(in SessionExpectation expectation, bool ended) => kernel.Expect(expectation, ended);

    void ISessionEffects.StartDump(BucketSet? only)
    {
        EndDump();
        dumpedBuckets = only;
        if (only is not null && KeysIn(only) is { } keys)
            (part, partAt) = ([.. keys], 0);
        else
            dump = new ConntrackDump();
    }

    SessionDigests? ISessionEffects.DigestsNow()
    {
        kernel.Flush();
        return kernel.Ledger.IsWhole(kernel.Filter) ? kernel.Ledger.Digests() : null;
    }

    void ISessionEffects.TellExpectations() => kernel.ForEachExpectation(tellExpectation);

    void ISessionEffects.StartLook(UnitId unit, bool exact)
    {
        EndSurvey();
        kernel.Flush();
        if (!exact && kernel.Ledger.IsWhole(kernel.Filter))
        {
            windows = Windows.Wanted;
            exchange.OnLooked(unit, kernel.Ledger.Digests(), now, this);
            return;
        }

        StartSurvey(unit);
        (looked, looksExactly) = (new SessionDigests(), exact);
    }

    // A unit that joins holds next to nothing: reading that now saves it from reading all of its table at the end.
    void ISessionEffects.BulkBegins()
    {
        EndSurvey();
        kernel.BeginFilling();
        if (kernel.IsSmall)
            heldBefore = kernel.ReadKeys();
    }

    void ISessionEffects.StartPrune(UnitId unit, BucketSet? only, bool onlyExpectations)
    {
        surveyUnit = unit;
        kernel.Flush();
        var held = only is null ? heldBefore : KeysIn(only);
        foreach (var key in held ?? [])
        {
            if (!exchange.IsMarked(unit, key))
                kernel.Delete(key);
        }

        if (onlyExpectations || held is not null)
            EndPrune();
        else
            StartSurvey(unit);
    }

    void ISessionEffects.Synced(UnitId unit)
    {
        bulksTaken++;
        kernel.EndFilling();
        notify(new SessionNotice(SessionNoticeKind.Synced, Unit: unit, Ok: windows == Windows.Free));
    }

    void ISessionEffects.SyncLost(UnitId unit) => notify(new SessionNotice(SessionNoticeKind.SyncLost, Unit: unit));
}
