import type { Refusal, Upload } from "./types";
import { link, session } from "./state";
import { texts } from "./texts";

// A unit that says nothing for so long is given up: its connection with it (HTTP/1.1, one request each), and a new one finds whoever answers.
const SILENCE_MS = 3000;
const RETRY_MS = [100, 250, 500, 1000, 2000];

// In a row, without a byte more: about a minute.
const UPLOAD_FAILURES = 30;

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

/**
 * Sends an image with progress from 0 to 1, and goes on where it was cut off; a unit that does not know of the upload begins anew. The result
 * is the image's hash.
 */
export function upload(file: Blob, progress: (share: number) => void): { done: Promise<string>; cancel: () => void } {
    let cancelled = false;
    let current: XMLHttpRequest | null = null;
    const path = (id: string) => `/v1/firmware/upload?id=${encodeURIComponent(id)}`;
    const run = async () => {
        let at = await ask<Upload>("POST", "/v1/firmware/upload", { sizeBytes: file.size });
        for (let failures = 0; at.image === null;) {
            const before = at.receivedBytes;
            try {
                current = new XMLHttpRequest();
                at = await append(current, `${path(at.id)}&offset=${before}`, file.slice(before), sent => progress((before + sent) / file.size));
                failures = 0;
            } catch (error) {
                if (cancelled) void ask("DELETE", path(at.id)).catch(() => undefined);
                if (cancelled || !(error instanceof Refused) || !mayGoOn(error) || ++failures > UPLOAD_FAILURES) throw error;
                await new Promise(done => setTimeout(done, RETRY_MS[Math.min(failures - 1, RETRY_MS.length - 1)]));
                at = await whereToGoOn(at, path(at.id), file.size);
                if (at.receivedBytes > before) failures = 0;
            }
        }
        return at.image;
    };
    return { done: run(), cancel: () => { cancelled = true; current?.abort(); } };
}

// No answer, or one that says that the offset is another: what else is refused stays refused.
const mayGoOn = (error: Refused) =>
    error.status === 0 || error.status === 503 || error.status === 408 || /wrong-offset|no-such-upload/.test(error.refusal.type ?? "");

async function whereToGoOn(at: Upload, path: string, sizeBytes: number): Promise<Upload> {
    try {
        return await get<Upload>(path);
    } catch (error) {
        if (!(error instanceof Refused) || !mayGoOn(error)) throw error;
        return error.status === 404 ? await ask<Upload>("POST", "/v1/firmware/upload", { sizeBytes }) : at;
    }
}

function append(request: XMLHttpRequest, path: string, part: Blob, sent: (bytes: number) => void): Promise<Upload> {
    return new Promise((resolve, reject) => {
        request.open("PATCH", path);
        request.responseType = "json";
        request.setRequestHeader("Hitless-Request", "1");
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.upload.onprogress = at => sent(at.loaded);
        request.onload = () => request.status < 300 ? resolve(request.response as Upload)
            : reject(new Refused(request.status, request.response ?? { error: `${request.status}`, remedy: "" }));
        request.onerror = request.onabort = () => reject(new Refused(0, { error: texts.noAnswer, remedy: texts.uploadAgain }));
        request.send(part);
    });
}
