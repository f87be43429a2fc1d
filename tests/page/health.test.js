// What a person on call meets on the page Sync health.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { HOSTILE, NOW, overview } from "./fixtures.js";
import { Play, closeAll, nameOf, serve, stage, textOf } from "./stage.js";

const WWW = "../../plugins/exactsync_airflow/sync_health/www";
await import(`${WWW}/main.js`);
const standing = await import(`${WWW}/standing.js`);
const { gauge, keptText, leftText } = await import(`${WWW}/calls.js`);
const { byDay, heights } = await import(`${WWW}/changes.js`);

mock.timers.enable({ apis: ["setTimeout"] });
beforeEach(() => {
  stage.query = "";
});
afterEach(closeAll);

const ENTITIES = [
  { name: "suppliers", label: "Suppliers" },
  { name: "vat_codes", label: "VAT codes" },
  { name: "deletions", label: "Deletions" },
];
const TASK = "dags/exact_online_sync/runs/r/tasks/suppliers/mapped/0";

const dataSet = (entity, given = {}) => ({
  entity,
  standing: "healthy",
  findings: [],
  rows: 1204,
  published_at: "2026-11-22T17:48:00Z",
  attempted_at: "2026-11-22T17:48:00Z",
  outcome: "published",
  quarantined: 0,
  drift: 0,
  failing_checks: 0,
  novelties: 0,
  task_url: TASK,
  ...given,
});

const budget = (given = {}) => ({
  day: { used: 123, limit: 5000, resets_at: "2026-11-23T00:00:00Z" },
  minute: { used: 4, limit: 60, resets_at: "2026-11-22T18:01:00Z" },
  reserved: 250,
  is_shared: false,
  ...given,
});

const company = (given = {}) => ({
  connection: "Group NL",
  division: 1000001,
  name: "Demo Holding",
  findings: [],
  budget: budget(),
  data_sets: [dataSet("suppliers"), dataSet("vat_codes"), dataSet("deletions", { rows: null })],
  ...given,
});

const FAILED = dataSet("suppliers", {
  standing: "failed",
  findings: [{ text: "Exact refuses the company.", runbook: "docs/runbook/company-refused.md" }],
});
const QUARANTINED = dataSet("vat_codes", {
  standing: "degraded",
  quarantined: 2,
  drift: 1,
  failing_checks: 1,
  novelties: 2,
  findings: [{ text: "2 records are in quarantine; the others are loaded.", runbook: "docs/runbook/quarantine.md" }],
});
const shop = (given = {}) =>
  company({ connection: "Group BE", division: 2000001, name: "Démo Shop", budget: null, ...given });

const DAYS = ["2026-11-20", "2026-11-21", "2026-11-22"];

const health = (given = {}) => ({
  now: NOW,
  base: overview().base,
  dag: overview().dag,
  setup_url: "plugin/accounting-setup",
  entities: ENTITIES,
  connections: ["Group BE", "Group NL"].map((name) => ({
    name,
    state: "healthy",
    state_label: "Healthy",
    reason_text: null,
    remedy: null,
  })),
  companies: [company(), shop({ data_sets: [FAILED, QUARANTINED, dataSet("deletions", { rows: null })] })],
  days: DAYS,
  changes: [
    { division: 1000001, day: "2026-11-20", inserted: 40, updated: 1, deleted: 0 },
    { division: 2000001, day: "2026-11-20", inserted: 2, updated: 0, deleted: 3 },
  ],
  ...given,
});

async function open(answer = health(), query = "") {
  stage.query = query;
  const requests = serve(() => (typeof answer === "function" ? answer() : answer));
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  return { play, requests };
}

const lines = (play) => play.all("tr").map((line) => textOf(line).replace(/\s+/g, " ").trim());

test("the page asks one question, and asks it again by itself", async () => {
  const { play, requests } = await open();
  assert.equal(play.heading, "Sync health");
  assert.deepEqual(requests, [{ method: "GET", path: "sync-health", body: undefined }]);
  mock.timers.tick(30_000);
  await play.settle();
  assert.equal(requests.length, 2);
});

test("the grid says of every data set how it stands, how old it is and what it holds", async () => {
  const { play } = await open();
  assert.equal(lines(play)[0], "Company Suppliers VAT codes Deletions");
  assert.match(lines(play)[1], /^1000001 · Demo Holding Group NL ✓ Healthy 12 minutes ago 1,204 rows ✓ Healthy/);
  assert.match(
    lines(play)[2],
    /^2000001 · Démo Shop Group BE 1 failed, 1 degraded ✕ Failed .* ▲ Degraded 12 minutes ago 1,204 rows 2 records in quarantine 1 row of drift 1 finding 2 novelties/,
  );
});

test("what the cells remark is explained below the grid, if it is there", async () => {
  const { play } = await open();
  for (const page of ["docs/full-refresh.md#drift", "docs/runbook/quality.md", "docs/runbook/quarantine.md#changed"]) {
    assert.ok(play.text.includes(page), page);
  }
  const { play: fine } = await open(health({ companies: [company({})] }));
  assert.ok(!fine.text.includes("Drift:") && !fine.text.includes("Novelties:"));
});

test("rows and columns have headers", async () => {
  const { play } = await open();
  const scopes = play.all("th").map(({ props }) => props.scope);
  assert.ok(scopes.includes("row") && scopes.every((scope) => scope === "row" || scope === "col"));
});

test("each cell leads to its task, under a name that says what it is", async () => {
  const { play } = await open();
  const links = play.all("a");
  const names = links.map(nameOf);
  assert.ok(names.includes("Failed: Suppliers, 2000001 · Démo Shop. Open its task"));
  assert.equal(new Set(names).size, names.length);
  assert.equal(links[0].props.href, `https://airflow.example/finance/${TASK}`);
});

test("what no task has read, or what leads elsewhere, is no link", async () => {
  const sets = [
    dataSet("suppliers", { task_url: null }),
    dataSet("vat_codes", { task_url: "javascript:alert(1)" }),
    dataSet("deletions", { standing: "inactive", task_url: null }),
  ];
  const { play } = await open(health({ companies: [company({ data_sets: sets })] }));
  assert.ok(play.all("a").every(({ props }) => props.href === undefined));
});

test("problems come worst first, each with what happened, its page of the runbook and its task", async () => {
  const { play } = await open();
  const problems = standing.problemsOf(health(), health().companies);
  assert.deepEqual(
    problems.map((each) => `${each.standing}: ${each.title}`),
    ["failed: 2000001 · Démo Shop: Suppliers", "degraded: 2000001 · Démo Shop: VAT codes"],
  );
  for (const text of ["Exact refuses the company.", "Runbook: docs/runbook/company-refused.md"]) {
    assert.ok(play.text.includes(text), text);
  }
});

test("what befell several data sets of a company is told once", () => {
  const findings = [{ text: "Calls are used up.", runbook: "docs/runbook/call-budget.md#day" }];
  const entities = ["Suppliers", "Journals", "Projects", "VAT codes", "Deletions"].map((label) => ({
    name: label,
    label,
  }));
  const own = entities.map(({ name }) => dataSet(name, { standing: "degraded", findings }));
  const refused = { findings: [{ text: "Exact no longer lists it.", runbook: null }] };
  const problems = standing.problemsOf({ entities }, [
    company({ data_sets: own }),
    shop({ ...refused, data_sets: [] }),
  ]);
  assert.deepEqual(
    problems.map((each) => each.title),
    ["2000001 · Démo Shop", "1000001 · Demo Holding: Suppliers, Journals, Projects, 2 more"],
  );
});

test("many problems are told ten at a time", async () => {
  const companies = Array.from({ length: 25 }, (_, division) => shop({ division, data_sets: [FAILED] }));
  const { play } = await open(health({ companies }));
  const told = () => play.text.split("Exact refuses the company.").length - 1;
  assert.equal(told(), 10);
  await play.press("Show 15 more problems");
  assert.equal(told(), 20);
});

test("a connection that is not fine says why, and leads to where it is mended", async () => {
  const connections = [
    {
      name: "Group NL",
      state: "reconnect_needed",
      state_label: "Reconnect needed",
      reason_text: "It was revoked.",
      remedy: "Reconnect.",
    },
  ];
  const { play } = await open(health({ connections }));
  assert.ok(play.text.includes("Group NL: reconnect needed It was revoked. Reconnect."));
  const link = play.all("Link").find((each) => textOf(each).includes("in Accounting setup"));
  assert.equal(link.props.href, "https://airflow.example/finance/plugin/accounting-setup?connection=Group+NL");
});

test("the address holds what is chosen", async () => {
  const { play } = await open(health(), "connection=Group+NL");
  assert.equal(lines(play).filter((line) => line.includes("·")).length, 2); // in the grid, and among the calls
  play.all("CheckboxRoot")[0].props.onCheckedChange({ checked: true });
  await play.settle();
  assert.equal(stage.query, "connection=Group+NL&problems=");
  assert.ok(play.text.includes("0 companies"));
});

test("only problems are the companies and the columns that have some", async () => {
  const { play } = await open(health(), "problems=");
  assert.equal(lines(play)[0], "Company Suppliers VAT codes");
  assert.match(lines(play)[1], /^2000001 · Démo Shop/);
  const refused = company({ findings: [{ text: "Exact no longer lists it.", runbook: null }] });
  const whole = await open(health({ companies: [refused] }), "problems=");
  assert.equal(lines(whole.play)[0], "Company Suppliers VAT codes Deletions");
});

test("companies are found by number and by name, whatever the case", () => {
  const all = health().companies;
  const found = (text, onlyProblems = false) =>
    standing.chosen(all, { connection: "", company: text, onlyProblems }).map((each) => each.division);
  assert.deepEqual(found(" démo SHOP"), [2000001]);
  assert.deepEqual(found("1000001"), [1000001]);
  assert.deepEqual(found("", true), [2000001]);
  assert.deepEqual(found("nobody"), []);
});

test("fifty companies are shown at a time", async () => {
  const companies = Array.from({ length: 120 }, (_, division) => company({ division }));
  const { play } = await open(health({ companies }));
  const shown = () => play.all("tr").filter((line) => textOf(line).includes("Group NL")).length;
  assert.equal(shown(), 50);
  await play.press("Show more companies: 70 are left");
  assert.equal(shown(), 100);
});

test("the gauge shows what is used, what is kept, and how much of the day is over", async () => {
  assert.deepEqual(gauge(budget(), NOW), { used: 0.0246, reserved: 0.05, over: 0.75 });
  assert.equal(gauge(budget({ day: { used: 9, limit: 0, resets_at: null } }), NOW).over, null);
  assert.equal(leftText(budget()), "4,627 left for syncs");
  assert.equal(leftText(budget({ day: { used: 4750, limit: 5000, resets_at: null } })), "used up for syncs");
  const kept = [4750, 4760, 5000, 5300].map((used) =>
    keptText(budget({ day: { used, limit: 5000, resets_at: null } })),
  );
  assert.deepEqual(
    kept.map((text) => text.replace(" for exports and Accounting setup", "")),
    ["250 calls kept", "240 calls left", "0 calls left", "0 calls left"],
  );
  const { play } = await open();
  const [meter] = play.all("div").filter(({ props }) => props.role === "meter");
  assert.equal(meter.props["aria-label"], "Calls today, 1000001 · Demo Holding");
  assert.equal(meter.props["aria-valuetext"], "123 of 5,000, 4,627 left for syncs");
  assert.ok(play.text.includes("No call was made yet."));
});

test("changes are told day by day of the companies that are shown, in bars and in numbers", async () => {
  const all = byDay(health(), health().companies);
  assert.deepEqual(
    all.map((day) => [day.day, day.inserted, day.updated, day.deleted]),
    [
      ["2026-11-20", 42, 1, 3],
      ["2026-11-21", 0, 0, 0],
      ["2026-11-22", 0, 0, 0],
    ],
  );
  assert.equal(byDay(health(), [company()])[0].inserted, 40);
  assert.deepEqual(heights([1000, 1, 0]), [36, 2, 0]);
  const { play } = await open();
  const pictures = play.all("svg").map(({ props }) => props["aria-label"]);
  assert.deepEqual(pictures[0], "Inserted: 42 rows, at most 42 a day");
  assert.ok(play.text.includes("20 Nov 42 1 3"));
});

test("two weeks without a change say so", async () => {
  const { play } = await open(health({ changes: [] }));
  assert.ok(play.text.includes("Nothing has changed within the last 3 days."));
  assert.deepEqual(play.all("svg"), []);
});

test("where nothing is set up, the page says where to begin", async () => {
  const { play } = await open(health({ connections: [], companies: [] }));
  assert.ok(play.text.includes("Connect Exact Online on the page Accounting setup"));
  assert.deepEqual(play.all("table"), []);
  const chosen = await open(health({ companies: [] }));
  assert.ok(chosen.play.text.includes("No company is chosen yet."));
});

test("syncs that are switched off are told", async () => {
  const dag = { ...overview().dag, is_paused: true };
  assert.match((await open(health({ dag }))).play.text, /Syncs are switched off in Airflow/);
});

test("an answer that does not come leaves what was known, and asks again ever more rarely", async () => {
  let isDown = false;
  const { play, requests } = await open(() => (isDown ? new Response("", { status: 502 }) : health()));
  isDown = true;
  mock.timers.tick(30_000);
  await play.settle();
  assert.ok(play.text.includes("HTTP 502") && play.text.includes("Demo Holding"));
  mock.timers.tick(59_000);
  await play.settle();
  assert.equal(requests.length, 2);
  isDown = false;
  await play.press("Try again");
  assert.ok(!play.text.includes("HTTP 502"));
});

test("while something is read the page looks more often, and never while it is hidden", () => {
  const running = health({ companies: [company({ data_sets: [dataSet("suppliers", { standing: "running" })] })] });
  const next = (given) => standing.nextLook({ value: health(), failures: 0, isHidden: false, ...given });
  assert.equal(next({}), 30_000);
  assert.equal(next({ value: running }), 10_000);
  assert.equal(next({ failures: 1 }), 60_000);
  assert.equal(next({ failures: 9 }), 240_000);
  assert.equal(next({ isHidden: true }), null);
});

test("every standing has a word and a sign of its own", () => {
  const all = Object.values(standing.STANDINGS);
  for (const what of ["label", "sign"]) assert.equal(new Set(all.map((each) => each[what])).size, all.length);
});

test("what Exact calls a company is text, whatever it holds", async () => {
  const { play } = await open(health({ companies: [company({ name: HOSTILE })] }));
  assert.ok(play.text.includes(HOSTILE));
});
