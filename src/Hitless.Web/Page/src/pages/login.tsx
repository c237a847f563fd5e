import { useState } from "preact/hooks";
import { ask, Refused } from "../api";
import { Notice, useAction } from "../parts";
import { session } from "../state";
import { texts } from "../texts";
import type { Session } from "../types";

export function Login() {
    const [user, setUser] = useState("");
    const [password, setPassword] = useState("");
    const [code, setCode] = useState<string | null>(null);
    const { busy, refusal, act } = useAction();
    const submit = (event: Event) => {
        event.preventDefault();
        void act(async () => { 
            try {
                session.value = await ask<Session>("POST", "/session", { user, password, code });
            } catch (error) {
                // Asked for once, that is no mistake to be told of.
                if (code !== null || !(error instanceof Refused) || !error.refusal.type?.endsWith(":code-wanted")) throw error;
                setCode("");
            }
        });
    };
    return <main class="login" id="content">
        <form class="card" onSubmit={submit}>
            <h1><img src="/favicon.svg" alt="" width="28" height="28" /> {texts.product}</h1>
            <label>{texts.logIn.user}
                <input name="user" autocomplete="username" autocapitalize="none" autofocus required value={user} onInput={e => setUser(e.currentTarget.value)} />
            </label>
            <label>{texts.logIn.password}
                <input name="password" type="password" autocomplete="current-password" required value={password} onInput={e => setPassword(e.currentTarget.value)} />
            </label>
            {code !== null && <label>{texts.logIn.code}
                <input name="code" autocomplete="one-time-code" autocapitalize="none" autofocus required value={code} onInput={e => setCode(e.currentTarget.value)} />
            </label>}
            <Notice refusal={refusal} />
            <button class="primary" disabled={busy}>{busy ? texts.logIn.busy : texts.logIn.submit}</button>
            <p class="muted small">{texts.logIn.hint}</p>
        </form>
    </main>;
}
