import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "./api";
import { texts } from "./texts";
import type { Refusal } from "./types";

/** A time as people here read it; in UTC when one points at it. */
export function Time({ at, date = false }: { at: string; date?: boolean }) {
    const time = new Date(at);
    return <time dateTime={at} title={`${time.toISOString().replace("T", " ").slice(0, 19)} UTC`}>
        {date ? time.toLocaleString() : time.toLocaleTimeString()}
    </time>;
}

export type Tone = "good" | "warn" | "bad" | "plain" | "accent";
const marks: Record<Tone, string> = { good: "✓", warn: "!", bad: "✕", plain: "·", accent: "▸" };

/** A word with a colour and, for who sees no colours, a mark. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
    return <span class={`badge ${tone}`}><span aria-hidden="true">{marks[tone]}</span> {children}</span>;
}

export function Notice({ refusal }: { refusal: Refusal | null }) {
    return refusal && <div class="notice bad" role="alert">
        <strong>{refusal.error}</strong>
        <p>{refusal.remedy}</p>
        {refusal.detail && <pre>{refusal.detail}</pre>}
    </div>;
}

/** Asks before something that matters; Esc and the background say no. */
export function Confirm({ title, text, yes, danger, no }: { title: string; text: string; yes: () => void; danger?: boolean; no: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current!.showModal(), []);
    return <dialog ref={dialog} onClose={no} aria-labelledby="confirm-title">
        <h2 id="confirm-title">{title}</h2>
        <p>{text}</p>
        <div class="row end">
            <button type="button" onClick={no}>{texts.cancel}</button>
            <button type="button" class={danger ? "danger" : "primary"} onClick={() => { no(); yes(); }}>{texts.yes}</button>
        </div>
    </dialog>;
}

/** Runs one thing at a time and holds what it was refused with. */
export function useAction() {
    const [busy, setBusy] = useState(false);
    const [refusal, setRefusal] = useState<Refusal | null>(null);
    const act = async (what: () => Promise<void>) => {
        setBusy(true);
        setRefusal(null);
        try {
            await what();
        } catch (error) {
            setRefusal(error instanceof Refused ? error.refusal : { error: String(error), remedy: "" });
        } finally {
            setBusy(false);
        }
    };
    return { busy, refusal, act };
}

/** What a request answered; asked again when `key` changes. */
export function useAnswer<T>(load: () => Promise<T>, key: unknown) {
    const [answer, setAnswer] = useState<T | null>(null);
    const [refusal, setRefusal] = useState<Refusal | null>(null);
    useEffect(() => {
        let gone = false;
        const ask = async () => {
            try {
                const value = await load();
                if (!gone) { setAnswer(() => value); setRefusal(null); }
            } catch (error) {
                if (!gone && error instanceof Refused) setRefusal(error.refusal);
            }
        };
        void ask();
        return () => { gone = true; };
    }, [key]);
    return { answer, refusal };
}
