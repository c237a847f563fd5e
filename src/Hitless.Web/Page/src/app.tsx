import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, follow, get } from "./api";
import { Configuration } from "./pages/configuration";
import { Events } from "./pages/events";
import { Login } from "./pages/login";
import { Overview } from "./pages/overview";
import { Sessions } from "./pages/sessions";
import { Upgrade } from "./pages/upgrade";
import { Badge, type Tone } from "./parts";
import { daemonSilent, link, openRun, route, run, session, status, theme, type Theme } from "./state";
import { texts } from "./texts";
import type { Session, Status } from "./types";

const pages = { overview: Overview, upgrade: Upgrade, events: Events, sessions: Sessions, configuration: Configuration };
type Page = keyof typeof pages;
const healthTone = (health: string): Tone => health === "ok" ? "good" : health === "down" ? "bad" : "warn";

function App() {
    useEffect(() => { void whoIsThere(); }, []);
    if (session.value === undefined) return <p class="muted center">{texts.loading}</p>;
    return session.value === null ? <Login /> : <Frame />;
}

async function whoIsThere() {
    try {
        session.value = await get<Session>("/session");
    } catch {
        session.value = null;
    }
}

function Frame() {
    useEffect(() => follow("/v1/status/watch", {
        event: (name, data) => {
            daemonSilent.value = name === "unreachable";
            if (name !== "unreachable") status.value = data as Status;
        },
    }), []);
    const page = (route.value in pages ? route.value : "overview") as Page;
    const Body = pages[page];
    useEffect(() => { document.title = `${texts.pages[page]} · ${status.value?.cluster ?? texts.product}`; }, [page, status.value?.cluster]);
    return <>
        <a class="skip" href="#content" onClick={e => { e.preventDefault(); document.getElementById("content")?.focus(); }}>{texts.skip}</a>
        <Header page={page} />
        <Banners />
        <main id="content" tabIndex={-1}>
            <h1>{texts.pages[page]}</h1>
            <Body />
        </main>
    </>;
}

function Header({ page }: { page: Page }) {
    const now = status.value;
    const self = now?.units.find(unit => unit.name === now.self);
    const ready = now?.units.filter(unit => unit.role === "standby" && unit.state === "ready").map(unit => unit.name) ?? [];
    return <header class="top">
        <div class="row spread">
            <span class="brand"><img src="/favicon.svg" alt="" width="24" height="24" /> <strong>{now?.cluster ?? texts.product}</strong></span>
            <span class="row right">
                {self && <span id="answers" data-unit={self.name} class="muted">{texts.answeredBy(self.name, self.role)}</span>}
                <label class="inline"><span class="hidden">{texts.theme.label}</span>
                    <select value={theme.value} aria-label={texts.theme.label} onChange={e => { theme.value = e.currentTarget.value as Theme; }}>
                        {(["auto", "light", "dark"] as Theme[]).map(each => <option key={each} value={each}>{texts.theme[each as "auto"]}</option>)}
                    </select>
                </label>
                <button type="button" class="quiet" title={texts.roles[session.value!.role]} onClick={() => void logOut()}>{texts.logOut} <span class="wide">{session.value!.user}</span></button>
            </span>
        </div>
        {now && <p class="health">
            <Badge tone={healthTone(now.health)}>{texts.health[now.health] ?? now.health}</Badge>{" "}
            {texts.healthSentence(now.health, now.primary, ready, now.problems.length)}
        </p>}
        <nav aria-label={texts.menu}>
            {(Object.keys(pages) as Page[]).map(each => <a key={each} href={`#/${each}`} aria-current={each === page ? "page" : undefined}>{texts.pages[each]}</a>)}
        </nav>
    </header>;
}

function Banners() {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    const open = openRun.value;
    const lostAt = link.value.lostAt;
    const seconds = lostAt === null ? 0 : Math.max(1, Math.round((now - lostAt) / 1000) + 3);
    const unit = status.value?.self ?? texts.product;
    return <div aria-live="polite">
        {lostAt !== null && <p id="lost" class="banner warn">{(open ? texts.lostInRun : texts.lost)(unit, seconds)}</p>}
        {lostAt === null && daemonSilent.value && <p class="banner warn">{texts.daemonSilent}</p>}
        {open && route.value !== "upgrade" && <a class="banner accent" href="#/upgrade">
            <span>{texts.runBanner(open.run, open.from, open.to, texts.upgrade.state[open.state] ?? open.state)}</span>
            <progress max={100} value={open.percent} aria-label={open.run} />
        </a>}
    </div>;
}

async function logOut() {
    await ask("DELETE", "/session").catch(() => undefined);
    session.value = null;
    status.value = null;
    run.value = null;
}

render(<App />, document.getElementById("app")!);
