// The records of the API that the page reads (src/Hitless.Core/Api); fields that it does not use are left out.

export interface Session { user: string; role: Role; expiresAt: string; version: string }
export type Role = "viewer" | "operator" | "admin";
export interface Refusal { error: string; remedy: string; detail?: string | null; type?: string | null }
export interface Upload { id: string; sizeBytes: number; receivedBytes: number; image: string | null }

export interface Classes { follow: number; bound: number; excluded: number; local: number }
export interface Cause { cause: string; class: string; count: number; breaking: number; critical: number; text: string; remedy: string | null }
export interface Unit {
    name: string; role: string; state: string; reason: string; version: string; slot: string; priority: number; override: boolean;
    ageSeconds: number; sessions: number; sessionLag: number; configuration: string; configurationRevision: number;
    interfaces: { name: string; up: boolean }[]; health: { name: string; result: string; detail: string | null }[];
    sessionClasses: Classes | null; sessionCauses: Cause[] | null;
    forwarding: { asPrimary: boolean; primary: string } | null;
}
export interface Status {
    cluster: string; mode: string; health: string; epoch: number; primary: string | null; self: string; units: Unit[];
    upgrade: Run | null; problems: string[];
}

export interface Step { name: string; unit: string | null; startedAt: string; durationMs: number; result: string; detail: string | null }
export interface Gate { step: string; unit: string | null; text: string; checked: string[]; offers: { command: string; text: string }[]; name: string | null }
export interface Run {
    run: string; mode: string; state: string; from: string; to: string; stepIndex: number; stepCount: number; step: string;
    unit: string | null; percent: number; text: string; steps: Step[]; gate: Gate | null;
}
export interface Report {
    run: string; mode: string; verdict: string; from: string; to: string; startedAt: string; durationMs: number; reason: string | null;
    elections: { epoch: number; primary: string; reason: string }[];
    sessions: { before: number | null; survived: number | null; lost: number | null; criticalLost: number | null; notKnown: string | null };
    longestGapMs: number;
    units: { name: string; versionBefore: string; versionAfter: string; slotBefore: string; slotAfter: string }[];
    traffic: { verdict: string; text?: string } | null;
    changes: { found: Change[]; leftOut: number; notKnown: string[] } | null;
}
export interface Change { unit: string; name: string; before: string | null; after: string | null; expected: boolean; why: string | null }
export interface Image { hash: string; product: string; version: string; platform: string; sizeBytes: number; signedBy: string; releaseNotes: string }
export interface Check { image: string; version: string; ready: boolean; checks: { id: string; result: string; text: string; remedy: string | null }[] }
export interface Plan {
    from: string; to: string; steps: { index: number; name: string; unit: string | null; primaryAfter: string; text: string; gate: boolean }[];
    finalPrimary: string; finalReason: string; takesMs: number;
}
export interface ClusterEvent { number: number; time: string; unit: string; kind: string; text: string; epoch: number | null }
export interface Revision { number: number; epoch: number; hash: string; author: string; time: string; message: string }
export interface History { revisions: Revision[]; branches: { name: string; head: Revision; why: string; since: string }[] }
export interface SyncReport { inSync: boolean; revision: number; units: { unit: string; state: string; revision: number; why: string | null; remedy: string | null }[] }
