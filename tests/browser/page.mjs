// The web manager's page in Chromium (see README.md). Prints "ok …" or "FAIL …" for each thing that it looks at.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [logs, image, password] = process.argv.slice(2);
const address = "https://10.10.1.1:8443";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = `${logs}/screenshots`;
mkdirSync(shots, { recursive: true });

let failed = 0;
async function test(name, what) {
    try {
        const said = await what();
        console.log(`ok    ${name}${said ? `: ${said}` : ""}`);
    } catch (error) {
        failed++;
        console.log(`FAIL  ${name}: ${String(error.message ?? error).split("\n").slice(0, 6).join(" | ")}`);
        await page.screenshot({ path: `${shots}/failed-${failed}.png` }).catch(() => {});
    }
}
function must(so, otherwise) { if (!so) throw new Error(otherwise); }
function equal(a, b, what) { must(JSON.stringify(a) === JSON.stringify(b), `${what}: ${JSON.stringify(a)}, expected ${JSON.stringify(b)}`); }

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, colorScheme: "light" });
const page = await context.newPage();

// What must not happen while the run goes on.
let loads = 0, logins = 0;
const complaints = [];
page.on("load", () => loads++);
page.on("request", request => { if (request.method() === "POST" && request.url().endsWith("/session")) logins++; });
page.on("pageerror", error => complaints.push(error.message));
page.on("console", message => {
    if (message.type() === "error" && !/net::ERR_|Failed to load resource/.test(message.text())) complaints.push(message.text());
});
const answering = () => page.locator("#answers").getAttribute("data-unit");
const api = path => page.evaluate(async where => (await fetch(where)).json(), path);

await test("without a log-in there is the log-in page only", async () => {
    await page.goto(address);
    await page.getByLabel("Password").waitFor();
    equal(await page.evaluate(async () => (await fetch("/v1/status")).status), 401, "status");
    must(!(await page.content()).includes("gw1"), "the page names a unit");
});

await test("a wrong password is refused in words", async () => {
    await page.getByLabel("User").fill("admin");
    await page.getByLabel("Password").fill("not the right one");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: "user or password is wrong" }).waitFor();
    await look("login");
});

await test("the overview says who answers, who is primary and why", async () => {
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.locator("article.unit").nth(1).waitFor();
    const status = await api("/v1/status");
    equal(await answering(), status.self, "unit that answers");
    for (const unit of status.units) must((await page.locator("main").textContent()).includes(unit.reason), `the reason of ${unit.name} is not shown`);
    must((await page.locator(".health").textContent()).includes(`${status.primary} carries the traffic`), "no sentence about the primary");
    const cookie = (await context.cookies()).find(each => each.name === "__Host-hitless");
    must(cookie?.httpOnly && cookie.secure && cookie.sameSite === "Strict", "the cookie is not for the server alone");
});

for (const name of ["overview", "upgrade", "events", "sessions", "configuration"]) await test(`page ${name}`, () => visit(name));

await test("an image is uploaded although the connection breaks once, checked and planned", async () => {
    await page.goto(`${address}/#/upgrade`);
    const parts = [];
    page.on("request", request => { if (request.method() === "PATCH") parts.push(request.url()); });
    await page.route(/firmware\/upload\?.*offset=/, route => route.abort("connectionreset"), { times: 1 });
    await page.locator("#image-file").setInputFiles(image);
    await page.locator("#check").click({ timeout: 60000 });
    must(parts.length >= 2, `the upload did not go on after its connection broke: ${parts}`);
    await page.getByText("The cluster is ready.").waitFor({ timeout: 60000 });
    await page.locator("#start:not([disabled])").waitFor();
    await look("plan");
});

const seen = { states: [], units: [], lost: [] };
let run;
await test("a run 0.9.0 → 1.0.0 is watched from one page to its end", async () => {
    const [loadsBefore, loginsBefore] = [loads, logins];
    await page.locator("#start").click();
    await page.getByRole("button", { name: "Yes" }).click();
    await page.locator("#run-state[data-state=running]").waitFor({ timeout: 60000 });
    let lostAt = null, shown = false;
    for (const end = Date.now() + 240_000; ;) {
        must(Date.now() < end, `no end within four minutes; states ${seen.states}`);
        const now = await page.evaluate(() => ({
            state: document.querySelector("#run-state")?.dataset.state, unit: document.querySelector("#answers")?.dataset.unit,
            lost: document.querySelector("#lost") !== null, login: document.querySelector("input[type=password]") !== null,
        }));
        must(!now.login, "the page asks for a log-in");
        if (now.state && seen.states.at(-1) !== now.state) seen.states.push(now.state);
        if (now.unit && seen.units.at(-1) !== now.unit) seen.units.push(now.unit);
        if (now.lost && lostAt === null) lostAt = Date.now();
        if (!now.lost && lostAt !== null) { seen.lost.push(Date.now() - lostAt); lostAt = null; }
        if (now.state === "running" && !shown && seen.units.length > 1) { shown = true; await look("run"); }
        if (["completed", "rolled-back", "failed"].includes(now.state)) break;
        await page.waitForTimeout(100);
    }
    // The stream of the run may be back a moment before that of the status, which says who answers.
    const { self } = await api("/v1/status");
    await page.locator(`#answers[data-unit="${self}"]`).waitFor({ timeout: 5000 });
    if (seen.units.at(-1) !== self) seen.units.push(self);
    equal(seen.states, ["running", "completed"], "states");
    equal([loads, logins], [loadsBefore, loginsBefore], "loads and log-ins");
    return `answered by ${seen.units.join(", ")}; after a switch without an answer (on top of the 3 s of silence) for ${seen.lost.join(", ")} ms`;
});

await test("two units answered in the run, each step stands there once, and the report says so", async () => {
    must(seen.units.length >= 3, `only ${seen.units} answered`);
    await page.locator(".report").waitFor();
    run = await api("/v1/upgrade/status");
    const shown = await page.locator(".steps li").evaluateAll(items => items.map(item => item.dataset.step.trim()));
    equal(shown, run.steps.map(step => `${step.name} ${step.unit ?? ""}`.trim()), "steps");
    const report = await api(`/v1/upgrade/report?run=${run.run}`);
    equal(report.verdict, "completed", "verdict");
    for (const unit of report.units) equal(unit.versionAfter, "1.0.0", unit.name);
    must((await page.locator(".report").textContent()).includes("lost"), "the report does not say what was lost");
    return `${shown.length} steps, ${report.sessions.lost} sessions lost`;
});

for (const name of ["upgrade", "overview"]) await test(`page ${name} after the run`, () => visit(name, "-after"));

await test("a planned switch by a click, and the page goes on", async () => {
    await page.goto(`${address}/#/overview`);
    const before = (await api("/v1/status")).primary;
    await page.getByRole("button", { name: "Switch over" }).click();
    await page.getByRole("button", { name: "Yes" }).click();
    const begun = Date.now();
    await page.waitForFunction(unit => { const now = document.querySelector("#answers")?.dataset.unit; return now && now !== unit; }, before, { timeout: 20000 });
    return `the other unit answers ${Date.now() - begun} ms after the click`;
});

await test("the keyboard reaches the skip link first, then every page", async () => {
    await page.goto(`${address}/#/overview`);
    // Another hash is the same document, in which the next stop counts from the last click.
    await page.reload();
    await page.locator("article.unit").nth(1).waitFor();
    await page.keyboard.press("Tab");
    equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content", "first stop");
    const names = [];
    for (let i = 0; i < 9; i++) {
        await page.keyboard.press("Tab");
        names.push(await page.evaluate(() => document.activeElement.textContent));
    }
    must(["Overview", "Upgrade", "Events", "Sessions", "Configuration"].every(each => names.includes(each)), `stops ${names}`);
});

await test("a log-out ends it", async () => {
    await page.getByRole("button", { name: /Log out/ }).click();
    await page.getByLabel("Password").waitFor();
    equal(await page.evaluate(async () => (await fetch("/v1/status")).status), 401, "status");
});

await test("the page's own policy was kept, and no error came up", async () => equal(complaints, [], "complaints"));

await browser.close();
process.exit(failed === 0 ? 0 : 1);

/** Opens a page and looks at it in every form. */
async function visit(name, suffix = "") {
    await page.goto(`${address}/#/${name}`);
    await page.locator("nav a[aria-current]").filter({ hasText: new RegExp(name, "i") }).waitFor();
    await page.waitForTimeout(900);
    return look(`${name}${suffix}`);
}

/** Screenshots in light and dark at three widths; nothing wider than the window; axe finds nothing in either. */
async function look(name) {
    const found = [];
    for (const scheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        for (const width of [1440, 390, 360]) {
            await page.setViewportSize({ width, height: width === 1440 ? 900 : 844 });
            const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            if (over > 0) found.push(`${over} px too wide at ${width}`);
            if (width !== 360) await page.screenshot({ path: `${shots}/${name}-${scheme}-${width}.png`, fullPage: width === 390 });
        }
        found.push(...await page.evaluate(`${axe};axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
            .then(result => result.violations.map(each => each.id + " " + each.nodes.map(node => node.target.join(" ")).slice(0, 3).join(", ")))`));
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1440, height: 900 });
    equal(found, [], name);
}
