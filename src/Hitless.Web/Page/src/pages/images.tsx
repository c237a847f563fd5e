import { useState } from "preact/hooks";
import { ask, get, Refused, upload } from "../api";
import { Badge, Confirm, Notice, useAction, useAnswer, type Tone } from "../parts";
import { may, run, status } from "../state";
import { texts } from "../texts";
import type { Check, Image, Plan, Refusal, Run } from "../types";

const u = texts.upgrade;
const checkTone = (result: string): Tone => result === "pass" ? "good" : result === "fail" ? "bad" : "warn";
const size = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export function Images() {
    const [arrived, setArrived] = useState(0);
    const [chosen, setChosen] = useState<Image | null>(null);
    const { answer: images, refusal } = useAnswer(() => get<Image[]>("/v1/firmware"), `${arrived} ${status.value?.self}`);
    return <section aria-labelledby="images">
        <h2 id="images">{u.images}</h2>
        {may("operator") && <Drop arrived={image => { setArrived(arrived + 1); setChosen(image); }} />}
        <Notice refusal={refusal} />
        {images?.length === 0 && <p class="muted">{u.noImages}</p>}
        <ul class="images">{images?.map(image => <li key={image.hash} class={`card ${chosen?.hash === image.hash ? "carries" : ""}`}>
            <div class="row spread">
                <span><strong>{image.product} {image.version}</strong> <span class="muted">{size(image.sizeBytes)}, {u.signedBy(image.signedBy)}</span></span>
                {may("operator") && <button type="button" aria-pressed={chosen?.hash === image.hash} onClick={() => setChosen(image)}>{u.pick}</button>}
            </div>
            {image.releaseNotes && <p class="notes">{image.releaseNotes}</p>}
        </li>)}</ul>
        {chosen && <Start key={chosen.hash} image={chosen} />}
    </section>;
}

function Drop({ arrived }: { arrived: (image: Image) => void }) {
    const [over, setOver] = useState(false);
    const [progress, setProgress] = useState<{ name: string; share: number; cancel: () => void } | null>(null);
    const [refusal, setRefusal] = useState<Refusal | null>(null);
    const send = async (file: File | undefined) => {
        if (!file) return;
        setRefusal(null);
        const sending = upload(file, share => setProgress({ name: file.name, share, cancel: sending.cancel }));
        try {
            const hash = await sending.done;
            const image = (await get<Image[]>("/v1/firmware")).find(each => each.hash === hash);
            if (image) arrived(image);
        } catch (error) {
            setRefusal(error instanceof Refused ? error.refusal : { error: String(error), remedy: u.drop });
        }
        setProgress(null);
    };
    return <>
        <div class={`drop ${over ? "over" : ""}`} onDragOver={e => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
            onDrop={e => { e.preventDefault(); setOver(false); void send(e.dataTransfer?.files[0]); }}>
            {progress ? <>
                <p>{progress.share < 1 ? u.uploading(progress.name, progress.share) : u.verifying}</p>
                <progress max={1} value={progress.share} aria-label={progress.name} />
                <button type="button" onClick={progress.cancel}>{texts.cancel}</button>
            </> : <label>{u.drop}
                <input id="image-file" type="file" accept=".hli" aria-label={u.choose} onChange={e => void send(e.currentTarget.files?.[0])} />
            </label>}
        </div>
        <Notice refusal={refusal} />
    </>;
}

function Start({ image }: { image: Image }) {
    const [guided, setGuided] = useState(false);
    const [check, setCheck] = useState<Check | null>(null);
    const [plan, setPlan] = useState<Plan | null>(null);
    const [asking, setAsking] = useState(false);
    const { busy, refusal, act } = useAction();
    const request = { image: image.hash, guided, keepPrimary: false, extent: "all" };
    const look = () => act(async () => {
        setCheck(await ask<Check>("POST", "/v1/upgrade/check", request, 60000));
        setPlan(await ask<Plan>("POST", "/v1/upgrade/plan", request, 20000));
    });
    const start = () => act(async () => { run.value = await ask<Run>("POST", "/v1/upgrade/start", request, 60000); });
    return <div class="card">
        <h3>{image.product} {image.version}</h3>
        <label class="inline"><input type="checkbox" checked={guided} onChange={e => { setGuided(e.currentTarget.checked); setPlan(null); }} /> {u.guided}</label>
        <div class="row">
            <button type="button" id="check" disabled={busy} onClick={() => void look()}>{u.check}</button>
            <button type="button" id="start" class="primary" disabled={busy || !check?.ready || !plan} onClick={() => setAsking(true)}>{u.start}</button>
        </div>
        <Notice refusal={refusal} />
        {check && <>
            <h4>{u.checks}</h4>
            <p>{check.ready ? u.ready : u.notReady}</p>
            <ul class="checks">{check.checks.map(each => <li key={each.id}>
                <Badge tone={checkTone(each.result)}>{u.results[each.result] ?? each.result}</Badge> <strong>{each.id}</strong> <span>{each.text}</span>
                {each.remedy && each.result !== "pass" && <p class="remedy">{each.remedy}</p>}
            </li>)}</ul>
        </>}
        {plan && <>
            <h4>{u.planned}</h4>
            <p>{u.final(plan.finalPrimary, plan.finalReason)} {u.takes(plan.takesMs)}</p>
            <div class="scroll" tabIndex={0}><table>
                <thead><tr><th class="num">#</th><th>{texts.text}</th><th>{texts.unit}</th><th>{u.primaryAfter}</th></tr></thead>
                <tbody>{plan.steps.map(step => <tr key={step.index}>
                    <td class="num">{step.index + 1}</td>
                    <td>{step.text} {step.gate && <Badge tone="warn">{u.gate}</Badge>}</td><td>{step.unit}</td><td>{step.primaryAfter}</td>
                </tr>)}</tbody>
            </table></div>
        </>}
        {asking && <Confirm title={u.startConfirm(plan!.from, plan!.to)} text={u.startText} yes={() => void start()} no={() => setAsking(false)} />}
    </div>;
}
