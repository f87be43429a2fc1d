// What a person meets where payables are set up and mapped, and what the server is asked when they act.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { HOSTILE, company, connection, line, mapped, overview, source } from "./fixtures.js";
import { Play, closeAll, nameOf, serve, stage, textOf } from "./stage.js";

await import("../../plugins/exactsync_airflow/accounting_setup/www/main.js");
const { placeOf, queryOf } = await import("../../plugins/exactsync_airflow/accounting_setup/www/place.js");

mock.timers.enable({ apis: ["setTimeout"] });
beforeEach(() => {
  stage.query = "";
});
afterEach(closeAll);

const LOOKER = { name: "v", may_act: false, may_edit_apps: false };
const KNOWN = overview({ connections: [connection()] });
const CHOICES = {
  choices: [
    { value: "4500", label: "4500 · Lunches", about: "" },
    { value: "4510", label: "4510 · Travel", about: "" },
  ],
  is_more: false,
};

/** Open the page at an address; `answer` is what the server says to all but the request for the overview. */
async function open(query, answer, known = KNOWN) {
  stage.query = query;
  const requests = serve((request) => (request.path === "overview" ? known : answer(request)));
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  return { play, requests, changes: () => requests.filter((each) => each.method !== "GET") };
}

/** Open the mapping of `spendesk_default`, with these lines. */
const openMapping = (lines, known = KNOWN) =>
  open("view=mapping&source=spendesk_default", ({ path }) => (/choices/.test(path) ? CHOICES : mapped(lines)), known);

/** Type into the field of this label, and wait until what it asks for is there. */
async function fill(play, label, value) {
  const field = play.all("FieldRoot").find((each) => textOf(each).startsWith(label));
  assert.ok(field, label);
  const [input] = field.children.filter((each) => ["Input", "NativeSelectRoot"].includes(each.type));
  const control = input.type === "Input" ? input : input.children[0];
  control.props.onChange({ target: { value } });
  await play.settle();
  mock.timers.tick(1000);
  await play.settle();
}

test("every place about payables reads back from its own address, and one without its source leads to the overview", () => {
  const at = (query) => placeOf(new URLSearchParams(query));
  const places = [
    { view: "payables" },
    { view: "source" },
    { view: "source", source: "spendesk_be" },
    { view: "mapping", source: "a b&c" },
  ];
  for (const place of places) assert.deepEqual(at(queryOf(place)), place);
  assert.deepEqual(at("?view=mapping"), { view: "overview" });
});

test("a source says where its payables go, from when on, and who has set it up", async () => {
  const { play } = await open("view=payables", () => ({ sources: [source()] }));
  assert.equal(play.heading, "Payables");
  for (const text of ["spendesk_default", "1000001 · Demo Holding, Group NL", "2026-01-01", "By anna", "2 days ago"]) {
    assert.ok(play.text.includes(text), text);
  }
  assert.deepEqual(
    play.all("RouterLink").map((each) => textOf(each)),
    ["Accounting setup", "spendesk_default", "Mapping of spendesk_default", "Settings of spendesk_default"],
  );
});

test("a new source is saved as it stands in the form, and then it is mapped", async () => {
  const twins = overview({
    connections: [
      connection(),
      connection("healthy", { name: "A / B", companies: [company({ division: 7, name: "Shop" })] }),
    ],
  });
  const { play, changes } = await open(
    "view=source",
    ({ path }) => (path === "payables" ? { sources: [] } : path.includes("mapping") ? mapped([]) : source()),
    twins,
  );
  await fill(play, "Company", "7 / A / B");
  await fill(play, "Cut-over date", "2026-02-01");
  await play.tick("Create suppliers");
  await play.press("Save");
  assert.deepEqual(changes(), [
    {
      method: "PUT",
      path: "payables/spendesk_default",
      body: {
        kind: "spendesk",
        integration: "A / B",
        division: 7,
        creates_suppliers: true,
        requires_receipt: true,
        start_date: "2026-02-01",
        entry_currency: "functional",
      },
    },
  ]);
  assert.equal(play.heading, "Mapping of spendesk_default");
});

test("a source that is set up already is not overwritten by a new one of its name", async () => {
  const { play, changes } = await open("view=source", () => ({ sources: [source()] }));
  await fill(play, "Name", " spendesk_default ");
  await play.press("Save");
  assert.match(play.text, /spendesk_default is set up already/);
  assert.deepEqual(changes(), []);
});

test("the settings of a source begin with what they are, and send nothing that only the server knows", async () => {
  const { play, changes } = await open("view=source&source=spendesk_default", ({ path }) =>
    path === "payables" ? { sources: [source({ creates_suppliers: true, division: 99 })] } : mapped([]),
  );
  assert.match(play.text, /99 \/ Group NL/, "a company that is gone stays chosen until somebody chooses another");
  await play.press("Save");
  const { since: _since, by: _by, name: _name, ...sent } = source({ creates_suppliers: true, division: 99 });
  assert.deepEqual(changes()[0].body, sent);
});

test("a mapping says what is mapped to what, how, by whom, and what waits for a person", async () => {
  const { play } = await openMapping([
    line({
      kind: "supplier",
      key: "s-1",
      label: "Acme",
      payables: 12,
      target: "u",
      target_name: "11 · Acme B.V.",
      how: "IBAN",
      set_by: "bert",
      set_at: "2026-11-20T18:00:00Z",
    }),
    line({ payables: 3, is_open: true }),
    line({ key: "4500", label: "4500", payables: 1, target_name: "4500 · Lunches" }),
    line({ key: "6200", label: "6200", target: "99", target_name: "99", problem: "99 is not known in this company." }),
  ]);
  for (const text of [
    "→ 11 · Acme B.V.",
    "→ 4500 · Lunches, by the same code",
    "Named by 12 payables, matched by IBAN , set by bert ,",
    "(2 days ago)",
  ]) {
    assert.ok(play.text.includes(text), text);
  }
  assert.match(play.text, /held back until this is mapped.*Expense accounts: 1 wrong, 1 not mapped/);
  assert.match(play.text, /99 is not known in this company\./);
});

test("a person chooses among what the company has, and sees at once what has become of it", async () => {
  let lines = [line({ payables: 1 })];
  const { play, changes, requests } = await open("view=mapping&source=spendesk_default", ({ path, method, body }) => {
    if (path.includes("choices")) return CHOICES;
    if (method === "PUT") lines = [line({ payables: 1, target: body.target, target_name: "4510 · Travel" })];
    return mapped(lines);
  });
  await play.press("Choose: 6100 (account)");
  await fill(play, "Find a G/L account", "trav 45");
  assert.ok(requests.some(({ path }) => path === "payables/spendesk_default/choices?kind=account&wanted=trav+45"));
  await play.press("4510 · Travel");
  assert.deepEqual(changes()[0], {
    method: "PUT",
    path: "payables/spendesk_default/mapping?wanted=",
    body: { kind: "account", key: "6100", target: "4510" },
  });
  assert.match(play.text, /→ 4510 · Travel/);
  assert.ok(play.buttons.includes("Change: 6100 (account)"), "the chooser is closed");
});

test("a code that the last sync has not brought yet can be used all the same, a supplier cannot", async () => {
  const { play, changes } = await openMapping([line(), line({ kind: "supplier", key: "s-1", label: "Acme" })]);
  await play.press("Choose: 6100 (account)");
  await fill(play, "Find a G/L account", "4999");
  await play.press("Use 4999 all the same");
  assert.equal(changes()[0].body.target, "4999");
  await play.press("Choose: Acme (supplier s-1)");
  await fill(play, "Find a supplier", "4999");
  assert.ok(!play.buttons.some((name) => name.startsWith("Use")));
});

test("what no payable has named yet can be mapped, too", async () => {
  const { play, changes } = await openMapping([line({ kind: "axis", key: "Team", label: "Team" })]);
  await play.press("Map another one: Analytical fields");
  await fill(play, "Analytical field, as the source calls it", "Country");
  await play.press("Ignore it");
  assert.deepEqual(changes()[0].body, { kind: "axis", key: "Country", target: "ignore" });
});

test("who a supplier is, is forgotten only after a question", async () => {
  const { play, changes } = await openMapping([line({ kind: "supplier", key: "s-1", label: "Acme", target: "u" })]);
  await play.press("Forget: Acme (supplier s-1)");
  assert.deepEqual(changes(), []);
  assert.match(play.text, /looked for again/);
  await play.press("Forget");
  assert.deepEqual(changes()[0].body, { kind: "supplier", key: "s-1", target: null });
});

test("a row that SQL has written wrong stands at its place, and one of no kind can only be forgotten", async () => {
  const rows = [
    line({ key: " b ", label: " b ", target: "4500", problem: "Mapped twice." }),
    line({ kind: "jurnal", key: HOSTILE, label: HOSTILE, target: HOSTILE, problem: "'jurnal' is nothing." }),
  ];
  const { play, changes } = await openMapping(rows);
  assert.deepEqual(
    play.buttons.filter((name) => name.includes("jurnal")),
    [`Forget: ${HOSTILE} (jurnal)`],
  );
  assert.ok(play.text.includes(`→ ${HOSTILE}`));
  await play.press("Forget:  b  (account)");
  assert.equal(changes()[0].body.key, " b ", "exactly as it stands in the table");
});

test("what the server refuses is told at the line, which stays open", async () => {
  const { play } = await open("view=mapping&source=spendesk_default", ({ path, method }) => {
    if (method === "PUT") {
      const error = { message: "The account is nothing.", remedy: "Choose another.", reason: "configuration" };
      return new Response(JSON.stringify({ error }), { status: 400 });
    }
    return path.includes("choices") ? CHOICES : mapped([line()]);
  });
  await play.press("Choose: 6100 (account)");
  await play.press("4500 · Lunches");
  assert.match(play.text, /The account is nothing\. Choose another\./);
  assert.ok(play.buttons.includes("4510 · Travel"));
});

test("what was forgotten is told with who did it and when", async () => {
  const forgotten = { kind: "supplier", key: "s-1", former: "Acme B.V.", target: null, actor: "bert" };
  const changes = [{ ...forgotten, at: "2026-11-20T18:00:00Z" }];
  const { play } = await open("view=mapping&source=spendesk_default", () => mapped([line()], { changes }));
  assert.match(play.text, /Suppliers, s-1: Acme B\.V\. → forgotten By bert, .*2 days ago/);
});

test("of very many lines a person finds theirs by any word", async () => {
  const many = mapped([line()]);
  many.sections[0].total = 1234;
  const { play, requests } = await open("view=mapping&source=spendesk_default", () => many);
  assert.match(play.text, /1,233 more: find them by their name/);
  await fill(play, "Find in the mapping", "lunch");
  assert.equal(requests.at(-1).path, "payables/spendesk_default/mapping?wanted=lunch");
});

test("who may only look sees the whole mapping and can change nothing", async () => {
  const looking = overview({ user: LOOKER, connections: [connection()] });
  const { play } = await openMapping([line({ target: "4500", target_name: "4500 · Lunches" })], looking);
  assert.deepEqual(play.buttons, []);
  assert.match(play.text, /→ 4500 · Lunches/);
  const form = await open("view=source&source=spendesk_default", () => ({ sources: [source()] }), looking);
  assert.equal(form.play.heading, "Accounting setup");
  const sources = await open("view=payables", () => ({ sources: [source()] }), looking);
  assert.deepEqual(sources.play.buttons, []);
});

test("every control of every view about payables has a name of its own", async () => {
  const lines = ["journal", "axis", "account", "supplier_account", "vat_code", "supplier", "employee"].flatMap(
    (kind) => [
      line({ kind, key: "", label: "All others" }),
      line({ kind, key: "x", label: "Acme", target: "1" }),
      line({ kind, key: "y", label: kind === "journal" ? "Card" : "Acme", target: "1" }),
    ],
  );
  const { play } = await openMapping(lines);
  assert.equal(new Set(play.buttons).size, play.buttons.length, play.buttons.join(", "));
  const form = (await open("view=source", () => ({ sources: [] }))).play;
  assert.ok([...form.buttons, ...form.all("CheckboxCardRoot").map(nameOf)].every(Boolean));
});
