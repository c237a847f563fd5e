import type { Refusal } from "./types";
import { link, session } from "./state";
import { texts } from "./texts";

// A unit that says nothing for so long is given up: its connection with it (HTTP/1.1, one request each), and a new one finds whoever answers.
const SILENCE_MS = 3000;
const RETRY_MS = [100, 250, 500, 1000, 2000];

export class Refused extends Error {
    constructor(readonly status: number, readonly refusal: Refusal) { super(refusal.error); }
}

/** A request that is answered at once, or refused. What takes its time (a switch, the start of a run) names its own limit. */
export async function ask<T>(method: string, path: string, body?: unknown, limitMs = 8000): Promise<T> {
    const answer = await send(method, path, body, AbortSignal.timeout(limitMs));
    return answer.status === 204 ? (undefined as T) : await answer.json();
}

export const get = <T>(path: string, limitMs?: number) => ask<T>("GET", path, undefined, limitMs);

async function send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
        answer = await fetch(path, {
            method, signal, cache: "no-store", credentials: "same-origin", redirect: "error",
            headers: { "Hitless-Request": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
            body: body === undefined ? null : JSON.stringify(body),
        });
    } catch {
        throw new Refused(0, { error: texts.noAnswer, remedy: texts.noAnswerRemedy });
    }
    if (answer.ok) return answer;
    const refusal = await answer.json().catch(() => ({ error: `${answer.status}`, remedy: "" })) as Refusal;
    if (answer.status === 401 && path !== "/session") session.value = null;
    throw new Refused(answer.status, refusal);
}

export interface Follow { event: (name: string, data: unknown) => void; refused?: (refusal: Refusal) => void }

/**
 * Reads a stream of server-sent events for as long as the returned function is not called: begins again when it ends, or says nothing for
 * three seconds. The unit sends a whole state with each event, so beginning again is going on.
 */
export function follow(path: string, on: Follow): () => void {
    let over = false;
    let current: AbortController | null = null;
    const run = async () => {
        for (let failures = 0; !over;) {
            current = new AbortController();
            const { signal, abort } = watchdog(current);
            try {
                const answer = await send("GET", path, undefined, signal);
                failures = 0;
                await read(answer.body!, abort.feed, on);
            } catch (refused) {
                if (over) return;
                if (refused instanceof Refused && refused.status >= 400 && refused.status !== 503) {
                    abort.stop();
                    on.refused?.(refused.refusal);
                    return;
                }
            }
            abort.stop();
            if (over) return;
            lost();
            await new Promise(done => setTimeout(done, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
        }
    };
    void run();
    return () => { over = true; current?.abort(); };
}

function watchdog(controller: AbortController) {
    const begin = () => setTimeout(() => controller.abort(), SILENCE_MS);
    let timer = begin();
    return {
        signal: controller.signal,
        abort: { feed: () => { clearTimeout(timer); timer = begin(); heard(); }, stop: () => clearTimeout(timer) },
    };
}

async function read(body: ReadableStream<Uint8Array>, feed: () => void, on: Follow) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        feed();
        text += decoder.decode(value, { stream: true });
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
            dispatch(text.slice(0, end), on);
            text = text.slice(end + 2);
        }
    }
}

function dispatch(block: string, on: Follow) {
    let name = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
    if (data.length > 0) on.event(name, JSON.parse(data.join("\n")));
}

function heard() {
    if (link.value.lostAt !== null) link.value = { lostAt: null, reconnects: link.value.reconnects + 1 };
}

function lost() {
    if (link.value.lostAt === null) link.value = { ...link.value, lostAt: Date.now() };
}

/** Sends a file with progress from 0 to 1. */
export function upload<T>(path: string, file: Blob, progress: (share: number) => void): { done: Promise<T>; cancel: () => void } {
    const request = new XMLHttpRequest();
    const done = new Promise<T>((resolve, reject) => {
        request.open("POST", path);
        request.responseType = "json";
        request.setRequestHeader("Hitless-Request", "1");
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.upload.onprogress = at => progress(at.lengthComputable ? at.loaded / at.total : 0);
        request.onload = () => request.status < 300 ? resolve(request.response as T)
            : reject(new Refused(request.status, request.response ?? { error: `${request.status}`, remedy: "" }));
        request.onerror = request.onabort = () => reject(new Refused(0, { error: texts.noAnswer, remedy: texts.uploadAgain }));
        request.send(file);
    });
    return { done, cancel: () => request.abort() };
}
