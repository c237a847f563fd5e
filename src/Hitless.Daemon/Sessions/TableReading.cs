using Hitless.Core.Sessions;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// When the whole table is read beside the session loop, for its ledger, and how fast: at once where somebody waits for an answer, with a
/// quarter of a processor where the ledger does not know all, and else again and again with a hundredth of one, at most once a minute.
/// Slices are read on the reader's thread; all else happens on the session thread.
/// </summary>
internal sealed class TableReading(SessionEngine engine, WorkThread reader, Action<Action> post)
{
    // A table that changes faster than the kernel can tell is read again, but not for ever.
    private const int AttemptsMax = 3;
    private const int PlacesPerTurn = 16_384;
    private const double SoonShare = 0.25;
    private const double AuditShare = 0.01;
    private static readonly TimeSpan AuditInterval = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BusyDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromSeconds(1);

    private readonly List<Action<SessionDigests>> awaiting = [];
    private TableSlices? slices;
    private Stage stage;
    private double share;
    private int attempts;
    private TimeSpan begunAt;
    private TimeSpan goOnAt;
    private TimeSpan forgetAt;
    private TimeSpan retryAt;
    private TimeSpan retryDelay = RetryDelay;
    private TimeSpan auditAt = MonotonicClock.Now + AuditInterval;

    private enum Stage
    {
        Idle,
        Reading,
        Pausing,
        Ending,
    }

    /// <summary>How long the last reading took that was made at leisure; zero before.</summary>
    public TimeSpan AuditTook { get; private set; }

    /// <summary>When <see cref="OnTime"/> wants to be called next.</summary>
    public TimeSpan NextDeadline =>
        stage switch
        {
            Stage.Reading => TimeSpan.MaxValue,
            Stage.Pausing => goOnAt,
            Stage.Ending => TimeSpan.Zero,
            _ when engine.WantsReading => retryAt,
            _ => auditAt,
        };

    /// <summary>Answers with the digests of a reading, as soon as may be.</summary>
    /// <param name="answer">Called on the session thread.</param>
    /// <param name="anew">Not from a reading that runs already.</param>
    /// <param name="now">Now.</param>
    public void Want(Action<SessionDigests> answer, bool anew, TimeSpan now)
    {
        awaiting.Add(answer);
        if (anew && stage != Stage.Idle)
            Abandon();
        share = 1;
        if (stage == Stage.Idle)
            Begin(1, now);
        goOnAt = now;
    }

    /// <summary>
    /// Goes on with a reading, or begins one when it is time. In a flood of sessions (not <paramref name="light"/>) nothing is begun for
    /// which nobody waits.
    /// </summary>
    public void OnTime(TimeSpan now, bool light)
    {
        if (stage != Stage.Idle && !engine.IsReadingValid)
        {
            Abandon();
            retryAt = now + retryDelay;
        }

        switch (stage)
        {
            case Stage.Idle when awaiting.Count > 0:
                Begin(1, now);
                break;
            case Stage.Idle when !light && now >= NextDeadline:
                retryAt = auditAt = now + BusyDelay;
                break;
            case Stage.Idle when engine.WantsReading && now >= retryAt:
                Begin(SoonShare, now);
                break;
            case Stage.Idle when now >= auditAt:
                Begin(AuditShare, now);
                break;
            case Stage.Pausing when now >= goOnAt:
                Ask();
                break;
            case Stage.Ending when engine.EndReading(PlacesPerTurn):
                End(now);
                break;
        }
    }

    private void Begin(double withShare, TimeSpan now)
    {
        (share, begunAt, forgetAt) = (withShare, now, now + ForgetInterval);
        attempts++;
        auditAt = now + AuditInterval;
        slices = engine.BeginReading();
        Ask();
    }

    private void Ask()
    {
        stage = Stage.Reading;
        var read = slices!;
        reader.Do(() =>
        {
            read.Read();
            post(() => OnSlice(read));
        });
    }

    private void OnSlice(TableSlices read)
    {
        // Given up meanwhile.
        if (read != slices)
        {
            read.Dispose();
            return;
        }

        var now = MonotonicClock.Now;
        engine.OnRead(read.Found);
        if (now >= forgetAt)
        {
            engine.ForgetGone();
            forgetAt = now + ForgetInterval;
        }

        if (read.Failed)
        {
            Abandon();
            retryAt = now + retryDelay;
            auditAt = now + AuditInterval;
            if (attempts >= AttemptsMax)
                Answer();
        }
        else
        {
            stage = read.Done ? Stage.Ending : Stage.Pausing;
            goOnAt = now + (read.Cost * ((1 / share) - 1));
            if (stage == Stage.Pausing && share == 1)
                Ask();
        }
    }

    private void End(TimeSpan now)
    {
        Close();
        stage = Stage.Idle;
        if (share == AuditShare)
            AuditTook = now - begunAt;
        if (engine.WantsReading && awaiting.Count > 0 && attempts < AttemptsMax)
        {
            Begin(1, now);
            return;
        }

        retryDelay =
            !engine.WantsReading ? RetryDelay
            : retryDelay * 2 < RetryDelayMax ? retryDelay * 2
            : RetryDelayMax;
        retryAt = now + retryDelay;
        Answer();
    }

    private void Answer()
    {
        attempts = 0;
        if (awaiting.Count == 0)
            return;
        var digests = engine.KnownDigests;
        foreach (var each in awaiting)
            each(digests);
        awaiting.Clear();
    }

    private void Abandon()
    {
        engine.AbandonReading();
        // A slice that is being read belongs to the reader's thread until it comes back.
        if (stage == Stage.Reading)
            slices = null;
        Close();
        stage = Stage.Idle;
    }

    private void Close()
    {
        slices?.Dispose();
        slices = null;
    }
}
