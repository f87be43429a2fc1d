// What a finance person meets on the page Exports.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { HOSTILE, NOW, overview } from "./fixtures.js";
import { Play, closeAll, nameOf, serve, stage, textOf } from "./stage.js";

const WWW = "../../plugins/exactsync_airflow/exports/www";
await import(`${WWW}/main.js`);
const { choiceOf, nextLook, queryOf, withState } = await import(`${WWW}/choice.js`);
const { laidOut, moneyText } = await import(`${WWW}/money.js`);
const { STATES, remedyOf } = await import(`${WWW}/texts.js`);

mock.timers.enable({ apis: ["setTimeout"] });
beforeEach(() => {
  stage.query = "";
});
afterEach(closeAll);

const payable = (given = {}) => ({
  source: "spendesk_default",
  id: "p/1",
  division: 1000001,
  state: "blocked",
  kind: "invoice",
  number: "F-2026-1",
  description: "Chairs",
  counterparty: "Meubelmakers B.V.",
  entry_date: "2026-11-20",
  currency: "EUR",
  amount: "1204.50",
  reference: "XS-ABCDEFGH",
  reasons: [{ message: "Cost centre Noord is not active.", remedy: "Activate it at Exact Online." }],
  message: null,
  is_edited: false,
  attempts: 0,
  look_at: null,
  entry_id: null,
  entry_number: null,
  link: null,
  updated_at: "2026-11-22T17:48:00Z",
  exported_at: null,
  task_url: null,
  actions: ["retry", "send_back", "mark_exported"],
  ...given,
});

const booked = (given = {}) =>
  payable({
    id: "p/2",
    state: "exported",
    reasons: [],
    entry_id: "11111111-1111-1111-1111-111111111111",
    entry_number: 26700001,
    task_url: "dags/exact_online_export/runs/r/tasks/export/mapped/0",
    actions: [],
    ...given,
  });

const TOTALS = [
  { state: "blocked", currency: "EUR", payables: 1200, amount: "1234567.89" },
  { state: "exported", currency: "EUR", payables: 1, amount: "10.00" },
  { state: "exported", currency: "JPY", payables: 3, amount: "-500" },
];

const exports = (given = {}) => ({
  user: { name: "anna", may_act: true },
  now: NOW,
  dag: { ...overview().dag, id: "exact_online_export", url: "dags/exact_online_export" },
  setup_url: "plugin/accounting-setup",
  has_sources: true,
  edited: 0,
  companies: [
    { division: 1000001, name: "Demo Holding" },
    { division: 1000002, name: "" },
  ],
  totals: TOTALS,
  found: 1204,
  offset: 0,
  page_size: 50,
  payables: [payable(), booked()],
  ...given,
});

const STEPS = [
  {
    at: "2026-11-22T17:48:00Z",
    from_state: "prepared",
    to_state: "blocked",
    why: "Cost centre Noord is not active.",
    by: null,
    task_url: "dags/exact_online_export/runs/r/tasks/export/mapped/0",
  },
  {
    at: "2026-11-22T17:40:00Z",
    from_state: null,
    to_state: "blocked",
    why: "It was received.",
    by: "anna",
    task_url: null,
  },
];

async function open(answer = exports(), query = "") {
  stage.query = query;
  const requests = serve((request) => {
    if (request.path.startsWith("exports/history")) return { steps: STEPS };
    if (request.method === "POST") return { state: "blocked" };
    return typeof answer === "function" ? answer(request) : answer;
  });
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  return { play, requests };
}

const lines = (play) => play.all("li").map((line) => textOf(line).replace(/\s+/g, " ").trim());
const plain = (play, name) => play.all("button").find((button) => nameOf(button) === name);
const pressPlain = async (play, name) => {
  plain(play, name).props.onClick();
  await play.settle();
};

test("a payable says what it is, where it stands, why, and what to do", async () => {
  const { play, requests } = await open();
  assert.equal(play.heading, "Exports");
  assert.deepEqual(requests, [{ method: "GET", path: "exports", body: undefined }]);
  assert.match(
    lines(play)[0],
    /^Meubelmakers B\.V\. EUR 1,204\.50 Invoice · F-2026-1 · 20 Nov 2026 Chairs 1000001 · Demo Holding ■ Blocked 12 minutes ago Cost centre Noord is not active\. What to do: Activate it at Exact Online\. Retry Send back Mark as exported More$/,
  );
  assert.match(lines(play)[1], /✓ Exported 12 minutes ago Its task in Airflow It is entry 26700001\. More$/);
});

test("totals say how many there are in each state, and what they come to in each currency", async () => {
  const { play } = await open();
  const rows = play.all("tr").map((row) => textOf(row).replace(/\s+/g, " ").trim());
  assert.equal(rows[0], "State Payables EUR JPY It means");
  assert.match(rows[1], /^■ Blocked 1,200 1,234,567\.89 Nothing was sent/);
  assert.match(rows[2], /^✓ Exported 4 10\.00 -500 Booked/);
});

test("amounts are told exactly, whatever their size and currency", () => {
  assert.equal(moneyText("12345678901234567.89", "EUR"), "EUR 12,345,678,901,234,567.89");
  assert.equal(moneyText("-0.1250", "EUR"), "-EUR 0.125");
  assert.equal(moneyText("500", "JPY"), "JPY 500");
  assert.equal(moneyText("1.5", HOSTILE), `${HOSTILE} 1.5`);
  assert.deepEqual(laidOut([], ["blocked"]), { currencies: [], lines: [] });
});

test("a state is chosen by pressing it, and the server is asked for its payables only", async () => {
  const { play, requests } = await open(exports(), "offset=50");
  await pressPlain(play, "■  Blocked");
  assert.equal(stage.query, "state=blocked");
  assert.equal(requests.at(-1).path, "exports?state=blocked");
  assert.equal(plain(play, "■  Blocked").props["aria-pressed"], true);
  await pressPlain(play, "■  Blocked");
  assert.equal(stage.query, "");
});

test("what is chosen stands in the address, and what is not understood is left out", () => {
  const query =
    "state=failed&state=in_doubt&company=1000001&kind=card&first=2026-11-01&last=2026-11-30&text=a+b&edited=true&offset=50";
  assert.equal(
    queryOf(choiceOf(new URLSearchParams(query))).toString(),
    "state=failed&state=in_doubt&company=1000001&kind=card&first=2026-11-01&last=2026-11-30&text=a+b&edited=true&offset=50",
  );
  const nonsense = "state=gone&company=x&kind=toString&first=2026-13-40&last=soon&edited=1&offset=-3";
  assert.equal(queryOf(choiceOf(new URLSearchParams(nonsense))).toString(), "");
  const later = choiceOf(new URLSearchParams("offset=100"));
  assert.deepEqual([withState(later, "failed").offset, withState(later, "failed").states], [0, ["failed"]]);
});

test("text is looked for once a person has stopped to type", async () => {
  const { play, requests } = await open();
  const field = () => play.all("Input").find(({ props }) => props.type === "search");
  for (const typed of ["m", "me", "meu"]) {
    field().props.onChange({ target: { value: typed } });
    await play.settle();
    mock.timers.tick(200);
  }
  assert.equal(field().props.value, "meu");
  mock.timers.tick(300);
  await play.settle();
  assert.deepEqual(
    requests.map(({ path }) => path),
    ["exports", "exports?text=meu"],
  );
});

test("company, kind and period narrow it down, from the first page on", async () => {
  const { play } = await open(exports(), "offset=50");
  const [company, kind] = play.all("NativeSelectField");
  assert.match(textOf(company), /All 1000001 · Demo Holding 1000002/);
  company.props.onChange({ target: { value: "1000002" } });
  await play.settle();
  assert.equal(stage.query, "company=1000002");
  kind.props.onChange({ target: { value: "card" } });
  await play.settle();
  play
    .all("Input")
    .find(({ props }) => props.type === "date")
    .props.onChange({ target: { value: "2026-11-01" } });
  await play.settle();
  assert.match(stage.query, /first=2026-11-01/);
});

test("thousands of payables are shown page by page", async () => {
  const { play } = await open();
  assert.ok(play.text.includes("1 to 2 of 1,204 payables"));
  assert.ok(!play.buttons.includes("Previous"));
  await play.press("Next");
  assert.equal(stage.query, "offset=50");
  const last = await open(exports({ offset: 1200 }), "offset=1200");
  assert.ok(!last.play.buttons.includes("Next"));
  await last.play.press("Previous");
  assert.equal(stage.query, "offset=1150");
});

test("a decision asks why, and tells the server", async () => {
  const { play, requests } = await open();
  await pressPlain(play, "Mark as exported: Meubelmakers B.V., F-2026-1, EUR 1,204.50");
  assert.ok(play.text.includes("It is never sent again. This cannot be undone."));
  await play.press("Mark as exported");
  assert.ok(play.text.includes("Say why."));
  assert.equal(requests.length, 1);
  const why = play.all("Input").at(-1);
  why.props.onChange({ target: { value: " Booked by hand as 26700009 " } });
  await play.settle();
  await play.press("Mark as exported");
  assert.deepEqual(requests[1], {
    method: "POST",
    path: "exports/decisions",
    body: { source: "spendesk_default", id: "p/1", action: "mark_exported", why: "Booked by hand as 26700009" },
  });
  assert.equal(requests[2].path, "exports");
  assert.deepEqual(play.all("DialogRoot"), []);
  assert.ok(play.text.includes("marked as exported manually."));
});

test("what looks like a payable that is booked is booked only once it was said what that means", async () => {
  const twin = payable({ actions: ["retry", "send_back", "mark_exported", "book_anyway"] });
  const { play, requests } = await open(exports({ payables: [twin] }));
  await pressPlain(play, "Book anyway: Meubelmakers B.V., F-2026-1, EUR 1,204.50");
  assert.ok(play.text.includes("compare the two invoices first"));
  play
    .all("Input")
    .at(-1)
    .props.onChange({ target: { value: "Another delivery" } });
  await play.settle();
  await play.press("Book anyway");
  assert.equal(requests[1].body.action, "book_anyway");
  assert.ok(play.text.includes("the next export books it."));
});

test("a decision that comes too late says so where it was made", async () => {
  const { play } = await open();
  globalThis.fetch = async () =>
    Response.json(
      { error: { message: "It is exporting.", remedy: "Look at it again.", reason: null } },
      { status: 400 },
    );
  await pressPlain(play, "Retry: Meubelmakers B.V., F-2026-1, EUR 1,204.50");
  play
    .all("Input")
    .at(-1)
    .props.onChange({ target: { value: "Activated" } });
  await play.settle();
  await play.press("Retry");
  assert.ok(play.all("DialogRoot").some((dialog) => textOf(dialog).includes("It is exporting.")));
});

test("who may only look is told, and finds nothing to press", async () => {
  const { play } = await open(exports({ user: { name: "bob", may_act: false } }));
  assert.ok(play.text.includes("exact_online_export"));
  assert.deepEqual(
    play.all("button").filter((button) => nameOf(button).includes("Meubelmakers")),
    [],
  );
});

test("the history is asked for when it is wanted, with people's reasons and the tasks' logs", async () => {
  const { play, requests } = await open();
  const [details] = play.all("details");
  details.props.onToggle({ target: { open: true } });
  await play.settle();
  assert.equal(requests.at(-1).path, "exports/history?source=spendesk_default&id=p%2F1");
  assert.match(play.text, /Our reference XS-ABCDEFGH Where it comes from spendesk_default: p\/1/);
  assert.match(play.text, /Prepared → Blocked .* by a task of Airflow Blocked It was received\. .* by anna/);
  const log = play.all("a").find((each) => textOf(each) === "a task of Airflow");
  assert.equal(log.props.href, "https://airflow.example/finance/dags/exact_online_export/runs/r/tasks/export/mapped/0");
});

test("what was edited too late is flagged, and can be shown alone", async () => {
  const { play } = await open(exports({ edited: 2, payables: [booked({ is_edited: true })] }));
  assert.ok(lines(play)[0].includes("Edited after it was exported. It is not sent again"));
  assert.ok(play.text.includes("2 payables were edited too late."));
  await play.press("Show");
  assert.equal(stage.query, "edited=true");
});

test("an entry leads to Exact Online, and an address that is none leads nowhere", async () => {
  const { play } = await open(exports({ payables: [booked({ link: "https://start.exactonline.nl/x" })] }));
  const link = play.all("a").find((each) => textOf(each) === "Open entry 26700001 at Exact Online");
  assert.deepEqual([link.props.href, link.props.rel], ["https://start.exactonline.nl/x", "noopener noreferrer"]);
  const hostile = await open(exports({ payables: [booked({ link: "javascript:alert(1)" })] }));
  assert.equal(hostile.play.all("a").find((each) => textOf(each).includes("at Exact")).props.href, undefined);
});

test("every state that waits for a person says what to do", () => {
  assert.match(remedyOf({ state: "failed", look_at: null, reference: "XS-1" }), /retry/);
  assert.match(remedyOf({ state: "in_doubt", look_at: NOW, reference: "XS-1" }), /^Nothing/);
  const left = remedyOf({ state: "in_doubt", look_at: null, reference: "XS-1" });
  assert.equal(left, "Look for the reference XS-1 at Exact Online, and do what is said above.");
  assert.equal(remedyOf({ state: "exported", look_at: null, reference: "XS-1" }), null);
  const all = Object.values(STATES);
  for (const what of ["label", "sign"]) assert.equal(new Set(all.map((each) => each[what])).size, all.length);
});

test("where there is no payable yet, three lines say what to do", async () => {
  const { play } = await open(exports({ totals: [], payables: [], found: 0, has_sources: false }));
  assert.equal(play.all("ListItem").length, 3);
  assert.ok(play.text.includes("Say where payables come from, and how they are booked, on the page Accounting setup"));
  assert.deepEqual(play.all("table"), []);
});

test("where nothing matches, everything is one press away", async () => {
  const { play } = await open(exports({ totals: [], payables: [], found: 0 }), "text=nobody");
  assert.ok(play.text.includes("0 payables"));
  await play.press("Show everything");
  assert.equal(stage.query, "");
});

test("exports that are switched off are told", async () => {
  const dag = { ...exports().dag, is_paused: true };
  assert.match((await open(exports({ dag }))).play.text, /Exports are switched off in Airflow/);
});

test("while the next answer is on its way, the last one stays", async () => {
  const { play } = await open();
  globalThis.fetch = () => new Promise(() => {});
  await pressPlain(play, "■  Blocked");
  assert.ok(play.text.includes("Meubelmakers B.V."));
});

test("while something is on its way the page looks more often, and never while it is hidden", () => {
  const next = (given) => nextLook({ value: exports(), failures: 0, isHidden: false, ...given });
  const busy = exports({ totals: [{ state: "exporting", currency: "EUR", payables: 1, amount: "1" }] });
  assert.deepEqual([next({}), next({ value: busy }), next({ isHidden: true })], [30_000, 10_000, null]);
});

test("what anybody wrote is text, whatever it holds", async () => {
  const hostile = payable({ counterparty: HOSTILE, description: HOSTILE, message: HOSTILE, reasons: [] });
  const { play } = await open(exports({ payables: [hostile] }));
  assert.equal(lines(play)[0].split(HOSTILE).length, 4);
});
