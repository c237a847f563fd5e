import { computed, signal } from "@preact/signals";
import type { Run, Session, Status } from "./types";

/** Who is logged in; undefined: not asked yet. */
export const session = signal<Session | null | undefined>(undefined);

/** What the unit that answers says of the cluster, each second. */
export const status = signal<Status | null>(null);

/** The unit's web manager answers, its daemon does not. */
export const daemonSilent = signal(false);

/** Since when nothing answers; how often a connection was found again. */
export const link = signal<{ lostAt: number | null; reconnects: number }>({ lostAt: null, reconnects: 0 });

/** The run that is followed: the open one, else the last. */
export const run = signal<Run | null>(null);

export const hasEnded = (each: Run) => ["completed", "rolled-back", "failed"].includes(each.state);

export const openRun = computed(() => {
    const now = run.value ?? status.value?.upgrade ?? null;
    return now && !hasEnded(now) ? now : null;
});

export const may = (role: "operator" | "admin") =>
    session.value?.role === "admin" || (role === "operator" && session.value?.role === "operator");

export type Theme = "auto" | "light" | "dark";
export const theme = signal<Theme>((localStorage.getItem("theme") as Theme | null) ?? "auto");
theme.subscribe(value => {
    localStorage.setItem("theme", value);
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
});

/** The page that is shown: the part of the address after #/. */
export const route = signal(location.hash.slice(2) || "overview");
addEventListener("hashchange", () => { route.value = location.hash.slice(2) || "overview"; });
