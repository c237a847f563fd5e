import { get } from "../api";
import { Badge, Notice, Time, useAnswer } from "../parts";
import { status } from "../state";
import { texts } from "../texts";
import type { History, SyncReport } from "../types";

export function Configuration() {
    const c = texts.configuration;
    const now = status.value;
    const key = `${now?.self} ${now?.units.map(unit => `${unit.configuration}${unit.configurationRevision}`).join()}`;
    const history = useAnswer(() => get<History>("/v1/config/history"), key);
    const report = useAnswer(() => get<SyncReport>("/v1/config/report", 15000), key);
    return <>
        <section>
            {report.answer && <p>{report.answer.inSync ? <Badge tone="good">{c.inSync(report.answer.revision)}</Badge> : <Badge tone="warn">{c.notInSync}</Badge>}</p>}
            <ul class="plain">{report.answer?.units.filter(unit => unit.why).map(unit => <li key={unit.unit}>
                <strong>{unit.unit}</strong> {unit.state}: {unit.why} <span class="muted">{unit.remedy}</span></li>)}</ul>
            <Notice refusal={report.refusal ?? history.refusal} />
            <p class="muted">{c.readOnly}</p>
        </section>
        <section>
            <h2>{c.history}</h2>
            {history.answer?.revisions.length === 0 && <p class="muted">{c.none}</p>}
            <div class="scroll" tabIndex={0}><table>
                <thead><tr><th class="num">{c.revision}</th><th>{texts.time}</th><th>{c.author}</th><th>{c.message}</th></tr></thead>
                <tbody>{history.answer?.revisions.map(each => <tr key={each.hash}>
                    <td class="num" title={each.hash}>{each.number}</td><td><Time at={each.time} date /></td><td>{each.author}</td><td>{each.message}</td>
                </tr>)}</tbody>
            </table></div>
        </section>
        {(history.answer?.branches.length ?? 0) > 0 && <section>
            <h2>{c.branches}</h2>
            <ul class="plain">{history.answer!.branches.map(each => <li key={each.name}><strong>{each.name}</strong>: {each.why}</li>)}</ul>
        </section>}
    </>;
}
