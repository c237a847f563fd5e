import { useEffect, useState } from "preact/hooks";
import { follow, get } from "../api";
import { Badge, Notice, Time, useAnswer, type Tone } from "../parts";
import { status } from "../state";
import { texts } from "../texts";
import type { ClusterEvent } from "../types";

const kinds = ["role", "unit", "health", "sessions", "configuration", "firmware", "upgrade"];
const tone = (kind: string): Tone => kind === "role" ? "accent" : "plain";

export function Events() {
    const self = status.value?.self;
    const [kind, setKind] = useState("");
    const [fresh, setFresh] = useState<ClusterEvent[]>([]);
    const { answer, refusal } = useAnswer(() => get<ClusterEvent[]>("/v1/history?limit=500"), self);

    // Each unit numbers what it has kept itself: another unit's answer is another list.
    useEffect(() => {
        setFresh([]);
        const last = answer?.at(-1)?.number;
        if (last === undefined) return;
        return follow(`/v1/events?after=${last}`, {
            event: (_, data) => setFresh(known => known.some(each => each.number === (data as ClusterEvent).number) ? known : [...known, data as ClusterEvent]),
        });
    }, [answer]);

    const shown = [...(answer ?? []), ...fresh].filter(each => kind === "" || each.kind === kind).reverse();
    return <section>
        <div class="row spread">
            <p class="muted">{self && texts.events.of(self)}</p>
            <label class="inline">{texts.events.kind}
                <select value={kind} onChange={e => setKind(e.currentTarget.value)}>
                    <option value="">{texts.events.all}</option>
                    {kinds.map(each => <option key={each}>{each}</option>)}
                </select>
            </label>
        </div>
        <Notice refusal={refusal} />
        {shown.length === 0 && <p class="muted">{texts.events.empty}</p>}
        <ol class="log">{shown.map(each => <li key={each.number}>
            <Time at={each.time} date /> <Badge tone={tone(each.kind)}>{each.kind}</Badge> <span>{each.text}</span>
        </li>)}</ol>
    </section>;
}
