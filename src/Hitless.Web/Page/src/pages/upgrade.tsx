import { useEffect, useState } from "preact/hooks";
import { ask, follow, get } from "../api";
import { Badge, Confirm, Notice, Time, useAction, useAnswer, type Tone } from "../parts";
import { hasEnded, may, openRun, run, status } from "../state";
import { texts, words } from "../texts";
import type { Change, Report, Run } from "../types";
import { Images } from "./images";

const u = texts.upgrade;
const stepTone = (result: string): Tone => result === "done" ? "good" : result === "failed" ? "bad" : result === "running" ? "accent" : "plain";
const runTone = (state: string): Tone => state === "completed" ? "good" : state === "failed" || state === "rolled-back" ? "bad" : state === "running" ? "accent" : "warn";

export function Upgrade() {
    const known = status.value !== null;
    const open = status.value?.upgrade?.run;

    // Without a run there is nothing to follow; the next one shows itself in the status.
    useEffect(() => known ? follow(`/v1/upgrade/watch${open ? `?run=${encodeURIComponent(open)}` : ""}`, {
        event: (_, data) => { run.value = data as Run; },
    }) : undefined, [open, known]);

    if (!known) return <p class="muted">{texts.loading}</p>;
    const now = run.value;
    return <>
        {now && <RunView now={now} />}
        {!openRun.value && <Images />}
        {!now && <p class="muted">{u.none}</p>}
    </>;
}

function RunView({ now }: { now: Run }) {
    const ended = hasEnded(now);
    return <section aria-labelledby="run">
        <div class="row spread">
            <h2 id="run">{ended ? u.lastRun : u.run} <span class="muted">{now.from} → {now.to}</span></h2>
            <span id="run-state" data-state={now.state} aria-live="polite"><Badge tone={runTone(now.state)}>{u.state[now.state] ?? now.state}</Badge></span>
        </div>
        {!ended && <progress max={100} value={now.percent} aria-label={u.run}>{now.percent} %</progress>}
        <p class="row spread">
            <span>{ended ? now.text : <>{now.step}{now.unit && ` · ${now.unit}`}{now.text && `: ${now.text}`}</>}</span>
            {!ended && now.steps[0] && <Elapsed since={now.steps[0].startedAt} />}
        </p>
        {now.gate && <Gate now={now} />}
        {!ended && may("operator") && <Controls now={now} />}
        {ended && <Verdict now={now} />}
        <h3>{u.steps}</h3>
        <ol class="steps">{now.steps.map((step, i) => <li key={i} class={step.result} data-step={`${step.name} ${step.unit ?? ""}`}>
            <Badge tone={stepTone(step.result)}>{u.result[step.result] ?? step.result}</Badge>
            <strong>{step.name}</strong>
            <span class="unit">{step.unit ?? ""}</span>
            <span class="detail">{step.detail}</span>
            <span class="muted num"><Time at={step.startedAt} />{step.result === "running" ? "" : ` · ${words(step.durationMs)}`}</span>
        </li>)}</ol>
    </section>;
}

function Elapsed({ since }: { since: string }) {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    return <span class="muted">{u.elapsed(Math.max(0, now - Date.parse(since)))}</span>;
}

function Gate({ now }: { now: Run }) {
    const gate = now.gate!;
    return <div class="notice warn">
        <strong>{u.atGate}: {gate.text}</strong>
        {gate.checked.length > 0 && <><p>{u.checked}:</p><ul>{gate.checked.map(each => <li key={each}>{each}</li>)}</ul></>}
        <p>{u.more}:</p>
        <ul>{gate.offers.map(each => <li key={each.command}><code>{each.command}</code> {each.text}</li>)}</ul>
    </div>;
}

interface Act { path: string; body?: unknown; label: string; text: string; confirm?: string; danger?: boolean }

function Controls({ now }: { now: Run }) {
    const { busy, refusal, act } = useAction();
    const [asked, setAsked] = useState<Act | null>(null);
    const outside = now.state === "waiting" ? now.gate?.name : null;
    const acts: Act[] = [
        ...(now.state === "waiting" && !outside ? [{ path: "next", label: u.next, text: now.gate?.text ?? "" }] : []),
        ...(outside ? [
            { path: "gate", body: { gate: outside, pass: true }, label: u.pass(outside), text: now.gate!.text, confirm: u.passConfirm(outside) },
            { path: "gate", body: { gate: outside, pass: false }, label: u.refuse(outside), text: u.rollbackText, confirm: u.refuseConfirm(outside), danger: true },
        ] : []),
        ...(now.state === "paused" ? [{ path: "resume", label: u.resume, text: "" }] : []),
        ...(now.state === "running" ? [{ path: "pause", label: u.pause, text: u.pauseText }] : []),
        ...(now.state === "rolling-back" ? [] : [
            { path: "abort", label: u.abort, text: u.abortText, confirm: u.abortConfirm, danger: true },
            { path: "rollback", label: u.rollback, text: u.rollbackText, confirm: u.rollbackConfirm, danger: true },
        ]),
    ];
    const send = (one: Act) => void act(async () => { run.value = await ask<Run>("POST", `/v1/upgrade/${one.path}`, one.body, 20000); });
    return <>
        <div class="row">{acts.map(one => <button key={one.label} type="button" disabled={busy} title={one.text}
            class={one.danger ? "danger" : one.path === "pause" ? "" : "primary"}
            onClick={() => one.confirm ? setAsked(one) : send(one)}>{one.label}</button>)}</div>
        <Notice refusal={refusal} />
        {asked && <Confirm title={asked.confirm!} text={asked.text} danger yes={() => send(asked)} no={() => setAsked(null)} />}
    </>;
}

function Verdict({ now }: { now: Run }) {
    const { answer: report, refusal } = useAnswer(() => get<Report>(`/v1/upgrade/report?run=${encodeURIComponent(now.run)}`, 15000), now.run);
    if (!report) return <Notice refusal={refusal} />;
    const s = report.sessions;
    const count = (n: number | null) => n === null ? u.notKnown : n.toLocaleString();
    return <div class="card report">
        <h3>{u.report} <span class="muted">{report.run}</span></h3>
        {report.reason && <p>{report.reason}</p>}
        <dl class="facts">
            <dt>{u.sessions}</dt><dd>{count(s.before)} {u.before}, <strong>{count(s.lost)} {u.lost}</strong></dd>
            <dt>{u.gap}</dt><dd>{words(report.longestGapMs)}</dd>
            <dt>{u.duration}</dt><dd>{words(report.durationMs)}</dd>
            {report.traffic && <><dt>{u.traffic}</dt><dd>{report.traffic.verdict}</dd></>}
            {report.changes && <><dt>{u.changes}</dt><dd><Changes of={report.changes} /></dd></>}
            <dt>{u.versions}</dt>
            <dd>{report.units.map(unit => <div key={unit.name}>{unit.name}: {unit.versionBefore} → {unit.versionAfter ? <>{unit.versionAfter} <span class="muted">{texts.slot(unit.slotAfter)}</span></> : u.notHeard}</div>)}</dd>
            <dt>{u.elections}</dt><dd>{report.elections.map(each => <div key={each.epoch}>{each.primary}: {each.reason}</div>)}</dd>
        </dl>
    </div>;
}

/** What nobody expected, and what could not be compared; else a sentence. */
function Changes({ of }: { of: NonNullable<Report["changes"]> }) {
    const unexpected = of.found.filter(each => !each.expected);
    const change = (one: Change) => one.after === null ? u.gone : one.before === null ? u.isNew : u.then(one.before, one.after);
    if (unexpected.length === 0 && of.notKnown.length === 0) return <>{u.asBefore}</>;
    return <>
        {unexpected.map(one => <div key={one.unit + one.name}><Badge tone="warn">{u.unexpected}</Badge> {one.unit}: {one.name} {change(one)}</div>)}
        {of.notKnown.map(line => <div key={line} class="muted">{u.notKnown}: {line}</div>)}
    </>;
}
