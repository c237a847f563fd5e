import { useState } from "preact/hooks";
import { ask } from "../api";
import { Badge, Confirm, Notice, useAction, type Tone } from "../parts";
import { may, openRun, status } from "../state";
import { texts, words } from "../texts";
import type { Status, Unit } from "../types";

const stateTone = (state: string): Tone => state === "ready" ? "good" : state === "absent" || state === "fault" ? "bad" : "warn";

export function Overview() {
    const now = status.value;
    if (!now) return <p class="muted">{texts.loading}</p>;
    return <>
        <section aria-labelledby="problems">
            <h2 id="problems">{texts.problems}</h2>
            {now.problems.length === 0 ? <p class="muted">{texts.noProblems}</p>
                : <ul class="problems">{now.problems.map(problem => <li key={problem}><Badge tone="warn">{problem}</Badge></li>)}</ul>}
        </section>
        <section aria-labelledby="units">
            <h2 id="units">{texts.units}</h2>
            <div class="cards">{now.units.map(unit => <UnitCard key={unit.name} unit={unit} cluster={now} />)}</div>
        </section>
        <Classes cluster={now} />
    </>;
}

function UnitCard({ unit, cluster }: { unit: Unit; cluster: Status }) {
    const [asking, setAsking] = useState(false);
    const { busy, refusal, act } = useAction();
    const primary = unit.role === "primary";
    const f = texts.fields;
    return <article class={`card unit ${primary ? "carries" : ""}`}>
        <header>
            <h3>{unit.name}</h3>
            <Badge tone={primary ? "accent" : "plain"}>{unit.role}</Badge>
            <Badge tone={stateTone(unit.state)}>{unit.state}</Badge>
        </header>
        <p class="why">{unit.reason}</p>
        <dl>
            <dt>{f.version}</dt><dd>{unit.version}{unit.slot && <span class="muted"> {texts.slot(unit.slot)}</span>}</dd>
            <dt>{f.age}</dt><dd>{words(unit.ageSeconds * 1000)}</dd>
            <dt>{f.priority}</dt><dd>{unit.priority}{unit.override && <span class="muted"> {texts.overrides}</span>}</dd>
            <dt>{f.sessions}</dt><dd>{unit.sessions.toLocaleString()}</dd>
            <dt>{f.lag}</dt><dd>{texts.lag(unit.sessionLag)}</dd>
            <dt>{f.configuration}</dt>
            <dd>{unit.configuration} <span class="muted">{texts.revision(unit.configurationRevision)}</span></dd>
            {unit.forwarding && <><dt>{f.forwarding}</dt><dd>{unit.forwarding.asPrimary ? texts.asPrimary : texts.notAsPrimary}</dd></>}
            <dt>{f.interfaces}</dt>
            <dd class="row">{unit.interfaces.map(each =>
                <Badge key={each.name} tone={each.up ? "good" : "bad"}>{each.name} {each.up ? texts.up : texts.down}</Badge>)}</dd>
            {unit.health.length > 0 && <>
                <dt>{f.probes}</dt>
                <dd class="row">{unit.health.map(each =>
                    <Badge key={each.name} tone={each.result === "passing" ? "good" : each.result === "failing" ? "bad" : "plain"}>
                        <span title={each.detail ?? ""}>{each.name} {each.result}</span>
                    </Badge>)}</dd>
            </>}
        </dl>
        <Notice refusal={refusal} />
        {unit.role === "standby" && unit.state === "ready" && may("operator") && !openRun.value
            && <button type="button" disabled={busy} onClick={() => setAsking(true)}>{texts.switchOver}</button>}
        {asking && <Confirm title={texts.switchConfirm(unit.name)} text={texts.switchText} no={() => setAsking(false)}
            yes={() => void act(() => ask("POST", "/v1/switchover", { to: unit.name, wait: cluster.self !== cluster.primary }, 20000))} />}
    </article>;
}

export function Classes({ cluster }: { cluster: Status }) {
    const c = texts.classes;
    const units = cluster.units.filter(unit => unit.sessionClasses);
    const causes = cluster.units.find(unit => unit.name === cluster.primary)?.sessionCauses ?? [];
    return <section aria-labelledby="classes">
        <h2 id="classes">{c.title}</h2>
        <div class="scroll" tabIndex={0}><table>
            <thead><tr><th>{c.unit}</th><th class="num">{c.total}</th><th class="num">{c.follow}</th><th class="num">{c.bound}</th>
                <th class="num">{c.excluded}</th><th class="num">{c.local}</th></tr></thead>
            <tbody>{units.map(({ name, sessions, sessionClasses: k }) => <tr key={name}>
                <th scope="row">{name}</th>
                {[sessions, k!.follow, k!.bound, k!.excluded, k!.local].map((n, i) => <td key={i} class="num">{n.toLocaleString()}</td>)}
            </tr>)}</tbody>
        </table></div>
        {causes.length > 0 && <ul class="plain">{causes.map(cause => <li key={cause.cause}>
            {c.sessions(cause.count)} {cause.text}{cause.remedy && <span class="muted"> {cause.remedy}</span>}
        </li>)}</ul>}
    </section>;
}
