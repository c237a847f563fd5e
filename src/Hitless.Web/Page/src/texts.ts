// Every text of the page that is ours. What a unit says (reasons, problems, refusals) comes from the unit.
export const texts = {
    product: "Hitless",
    pages: { overview: "Overview", upgrade: "Upgrade", events: "Events", sessions: "Sessions", configuration: "Configuration" },
    skip: "Skip to content",
    menu: "Pages",
    theme: { label: "Colours", auto: "auto", light: "light", dark: "dark" },
    logIn: { title: "Log in", user: "User", password: "Password", code: "Code of your authenticator, or a recovery code", submit: "Log in", busy: "Checking…",
        hint: "The first administrator is made on a unit: hitless web password" },
    logOut: "Log out",
    loading: "Asking the unit…",
    noAnswer: "no unit answers",
    noAnswerRemedy: "The page tries again by itself while it shows the status.",
    uploadAgain: "Upload the image again.",
    answeredBy: (unit: string, role: string) => `${unit} answers (${role})`,
    lost: (unit: string, seconds: number) => `${unit} has not answered for ${seconds} s. Trying to reach the cluster again; nothing has to be done here.`,
    lostInRun: (unit: string, seconds: number) =>
        `${unit} has not answered for ${seconds} s. A run is on, and units restart in it: the page goes on as soon as a unit answers.`,
    daemonSilent: "The unit's web manager answers, its hitlessd does not: it may be restarting.",
    health: { ok: "healthy", degraded: "degraded", down: "down" } as Record<string, string>,
    healthSentence: (health: string, primary: string | null, ready: string[], problems: number) =>
        primary === null ? "No unit carries the traffic that this one hears of."
            : `${primary} carries the traffic${ready.length ? `; ${ready.join(", ")} can take over` : "; no other unit can take over"}`
                + (problems === 0 ? "." : health === "ok" ? "." : `. ${problems === 1 ? "1 problem" : `${problems} problems`}.`),
    problems: "Problems",
    noProblems: "None.",
    units: "Units",
    why: "Why",
    fields: { state: "State", version: "Version", age: "Age", priority: "Priority", sessions: "Sessions", lag: "Lag", configuration: "Configuration",
        interfaces: "Interfaces", probes: "Probes", forwarding: "Forwarding" },
    asPrimary: "as the primary",
    notAsPrimary: "not as the primary",
    slot: (slot: string) => `slot ${slot}`,
    revision: (number: number) => `revision ${number}`,
    overrides: "overrides",
    lag: (changes: number) => changes === 0 ? "none" : `${changes.toLocaleString()} changes`,
    up: "up", down: "down",
    switchOver: "Switch over",
    switchConfirm: (to: string) => `Let ${to} carry the traffic?`,
    switchText: "A planned switch: the sessions follow, the former primary forwards until the new one has announced itself.",
    switched: (to: string) => `${to} carries the traffic.`,
    cancel: "Cancel", yes: "Yes",
    classes: { title: "Sessions by class", follow: "follow a switch", bound: "bound to a unit", excluded: "left out", local: "the unit's own", unit: "Unit",
        total: "All", sessions: (n: number) => n === 1 ? "1 session:" : `${n.toLocaleString()} sessions` },
    runBanner: (run: string, from: string, to: string, state: string) => `Run ${run}: ${from} → ${to}, ${state}`,
    upgrade: {
        images: "Images", drop: "Drop an image here, or choose a file", choose: "Choose an image", noImages: "No image has been uploaded yet.",
        uploading: (name: string, share: number) => `${name}: ${Math.round(share * 100)} %`,
        verifying: "All of it has arrived; the unit verifies signature and hashes.", signedBy: (who: string) => `signed by ${who}`, pick: "Upgrade to this",
        guided: "Guided: wait at each gate for me", check: "Check", plan: "Plan", start: "Start the upgrade", ready: "The cluster is ready.",
        notReady: "The cluster is not ready: see what fails below.", checks: "Checks", results: { pass: "passes", warn: "look at it", fail: "fails" } as Record<string, string>,
        planned: "What it will do", primaryAfter: "Primary after it", gate: "gate", final: (unit: string, why: string) => `In the end ${unit} is primary: ${why}`,
        takes: (ms: number) => `Expected time: ${words(ms)}`, startConfirm: (from: string, to: string) => `Upgrade the cluster from ${from} to ${to}?`,
        startText: "One unit after the other: each is upgraded while it carries no traffic. Pause, abort and rollback are possible at any point.",
        run: "Run", steps: "Steps", elapsed: (ms: number) => `${words(ms)} so far`, lastRun: "The run that ended last", report: "Report",
        pause: "Pause", resume: "Resume", abort: "Abort", rollback: "Roll back", next: "Open the gate",
        pauseText: "Lets the step in hand end, then waits.", abortText: "Ends the run: what is upgraded stays, nothing further is touched.",
        rollbackText: "Takes the run back: the standby first, then a switch, then the other unit.",
        abortConfirm: "Abort the run?", rollbackConfirm: "Roll the run back?", atGate: "The run waits here", checked: "Checked before", more: "Also, on a unit",
        state: { running: "is running", waiting: "waits at a gate", paused: "is paused", "rolling-back": "is rolling back", completed: "completed",
            "rolled-back": "was rolled back", failed: "failed" } as Record<string, string>,
        result: { running: "running", done: "done", skipped: "skipped", failed: "failed" } as Record<string, string>,
        duration: "Duration", gap: "Longest gap", sessions: "Sessions", lost: "lost", before: "before",
        elections: "Changes of primary", versions: "Versions", notHeard: "not known, it was not heard",
        traffic: "Traffic", notKnown: "not known", none: "There was no run yet.", mode: { automatic: "automatic", guided: "guided" } as Record<string, string>,
    },
    events: { title: "Events", of: (unit: string) => `As ${unit} has kept them, newest first.`, all: "All kinds", kind: "Kind", empty: "None of this kind." },
    configuration: { title: "Configuration", history: "History", inSync: (n: number) => `Every unit has revision ${n}.`, notInSync: "Not every unit is in sync.",
        revision: "Revision", author: "By", message: "Message", branches: "Beside it", readOnly: "Changes are made on a unit: hitless config edit.", none: "No revision yet." },
    time: "Time", unit: "Unit", text: "What", roles: { viewer: "viewer", operator: "operator", admin: "admin" } as Record<string, string>,
};

/** 850 ms, 3.2 s, 4 min 5 s, 3 h 7 min, 12 d 4 h. */
export function words(ms: number): string {
    const s = ms / 1000, m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    return ms < 1000 ? `${Math.round(ms)} ms` : s < 60 ? `${s.toFixed(1)} s` : m < 60 ? `${m} min ${Math.floor(s % 60)} s`
        : h < 24 ? `${h} h ${m % 60} min` : `${d} d ${h % 24} h`;
}
