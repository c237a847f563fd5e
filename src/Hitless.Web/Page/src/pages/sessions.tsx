import { get } from "../api";
import { Notice, useAnswer } from "../parts";
import { status } from "../state";
import { texts } from "../texts";
import { Classes } from "./overview";

interface Count { unit: string; total: number; byProtocol: Record<string, number> }

export function Sessions() {
    const now = status.value;
    const { answer, refusal } = useAnswer(() => get<Count>("/v1/sessions/count"), `${now?.self} ${now?.epoch}`);
    if (!now) return <p class="muted">{texts.loading}</p>;
    return <>
        <Classes cluster={now} />
        <Notice refusal={refusal} />
        {answer && <section>
            <h2>{answer.unit}</h2>
            <dl class="facts">
                <dt>{texts.classes.total}</dt><dd>{answer.total.toLocaleString()}</dd>
                {Object.entries(answer.byProtocol).map(([protocol, count]) => <><dt>{protocol}</dt><dd>{count.toLocaleString()}</dd></>)}
            </dl>
        </section>}
    </>;
}
