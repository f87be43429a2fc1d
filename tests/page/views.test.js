// What a person meets in each view, and what the server is asked when they act.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { HOSTILE, app, company, connection, dataSet, overview } from "./fixtures.js";
import { Play, closeAll, nameOf, serve, stage, textOf } from "./stage.js";

await import("../../plugins/exactsync_airflow/accounting_setup/www/main.js");
const { usePolling } = await import("../../plugins/exactsync_airflow/accounting_setup/www/working.js");
const { STATES } = await import("../../plugins/exactsync_airflow/accounting_setup/www/texts.js");

mock.timers.enable({ apis: ["setTimeout"] });
beforeEach(() => {
  stage.query = "";
  stage.assigned.length = 0;
});

afterEach(closeAll);

const LOOKER = { name: "v", may_act: false, may_edit_apps: false };
const STATE_NAMES = Object.keys(STATES);

/**
 * Open the page at an address. The server knows `known`, and then what its answers to changes say.
 * `answer` is what it says to all but the request for the overview.
 */
async function open(known, query = "", answer = () => ({ state: "healthy", run: null, entities: [] })) {
  stage.query = query;
  let now = known;
  const requests = serve((request) => {
    if (request.path === "overview") return now;
    const answered = answer(request);
    if (request.method !== "GET" && "connections" in answered) now = answered;
    if (request.method !== "GET" && "actions" in answered) now = { ...now, connections: [answered] };
    return answered;
  });
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  return { play, requests, changes: () => requests.filter((each) => each.method !== "GET") };
}

test("without a connection, three lines say what to do", async () => {
  const { play } = await open(overview({ base: { current: null, since: null, by: null, history: [] } }));
  assert.equal(play.heading, "Accounting setup");
  assert.equal(play.all("ListItem").length, 3);
  assert.deepEqual(play.buttons, ["Connect Exact Online", "Switch integration"]);
});

test("the overview tells all there is to know of a connection", async () => {
  const { play } = await open(
    overview({ connections: [connection("degraded", { reason_text: "Calls are used up.", remedy: "Wait." })] }),
  );
  const expected = ["Group NL", "degraded", "Netherlands", "1000001 · Demo Holding", "Cost centres", "by anna"];
  for (const text of [...expected, "10 Nov 2026, 10:00", "40 minutes ago", "in 20 minutes", "in 27 days"]) {
    assert.ok(play.text.includes(text), text);
  }
  assert.ok(play.text.includes("Calls are used up.") && play.text.includes("Wait."));
});

test("a connection offers what its state allows, under names of its own, and nothing else", async () => {
  const twins = [connection("healthy"), connection("paused", { name: "Group BE", actions: ["disconnect", "resume"] })];
  const { play } = await open(overview({ connections: twins }));
  assert.deepEqual(play.buttons.slice(2), [
    "Change companies: Group NL",
    "Change axes: Group NL",
    "Sync now: Group NL",
    "Pause: Group NL",
    "Disconnect: Group NL",
    "Resume: Group BE",
    "Disconnect: Group BE",
  ]);
});

test("every control of every view has a name of its own", async () => {
  const everything = { companies: [company(), company({ division: 2, name: "Shop" })], journal: [] };
  for (const state of STATE_NAMES) {
    const own = connection(state, { actions: ["reconnect", "sync", "choose_companies", "choose_axes", "pause"] });
    for (const view of ["overview", "switch", "connect", "connection", "authorise", "companies", "axes", "history"]) {
      const { play } = await open(overview({ connections: [own] }), `connection=Group+NL&view=${view}`, () => ({
        ...own,
        ...everything,
        run: null,
        entities: [],
      }));
      const names = [...play.buttons, ...play.all("CheckboxCardRoot").map((each) => textOf(each))];
      assert.equal(new Set(names).size, names.length, `${view}, ${state}: ${names}`);
      assert.ok(names.every(Boolean), `${view}, ${state}`);
      assert.ok(play.heading, `${view}, ${state}`);
    }
  }
});

test("who may only look sees everything, can change nothing, and learns whom to ask", async () => {
  for (const state of STATE_NAMES) {
    const own = overview({ user: LOOKER, connections: [connection(state)] });
    for (const query of ["", "connection=Group+NL", "view=switch", "view=connect", "connection=Group+NL&view=axes"]) {
      const { play, changes } = await open(own, query);
      assert.deepEqual(play.buttons, [], `${state} ${query}`);
      assert.deepEqual(changes(), []);
      assert.ok(play.text.includes("Group NL"));
    }
    assert.match((await open(own)).play.text, /Ask whoever gives out roles/);
  }
});

test("while the base is Files nothing can be connected, and every connection says why it rests", async () => {
  const files = overview({
    base: { current: "files", since: null, by: null, history: [] },
    connections: [connection("healthy")],
  });
  const { play } = await open(files);
  assert.ok(!play.buttons.includes("Connect Exact Online"));
  assert.match((await open(files, "connection=Group+NL")).play.text, /accounting base is Files: nothing is synced/);
  const wizard = (await open(files, "view=connect")).play;
  assert.deepEqual(wizard.buttons, ["Cancel"]);
});

test("who may only look is not offered the switch either", async () => {
  const files = { current: "files", since: null, by: null, history: [] };
  const { play } = await open(overview({ user: LOOKER, base: files }));
  assert.match(play.text, /nothing is synced/);
  assert.deepEqual(play.all("RouterLink").map(textOf), ["Payables"]);
});

test("after a change everything is asked for anew, because it may have moved other connections too", async () => {
  const { play, requests } = await open(overview({ connections: [connection()] }), "", () => connection("paused"));
  await play.press("Pause: Group NL");
  assert.deepEqual(
    requests.map((each) => each.path),
    ["overview", "connections/Group%20NL/pause", "overview"],
  );
});

test("an answer that a later one has overtaken is dropped", async () => {
  const arrive = [];
  const Probe = () => {
    const { value, look } = usePolling(
      () => new Promise((resolve) => arrive.push(resolve)),
      () => null,
      "key",
    );
    return React.createElement("Button", { onClick: look }, value ?? "nothing");
  };
  const play = new Play(React.createElement(Probe, {}));
  await play.press("nothing");
  arrive[1]("new");
  await play.settle();
  arrive[0]("old");
  await play.settle();
  assert.deepEqual(play.buttons, ["new"]);
});

test("switching says what it means before it does anything", async () => {
  const news = overview({ base: { current: "files", since: null, by: null, history: [] } });
  const { play, changes } = await open(overview(), "view=switch", () => news);
  assert.match(play.text, /Exact Online .* This is the base now/);
  await play.press("Continue");
  assert.equal(play.heading, "Switch to Files?");
  for (const consequence of [/open items/, /prepared again/, /same base/, /are kept/, /until you switch back/]) {
    assert.match(play.text, consequence);
  }
  assert.deepEqual(changes(), []);
  await play.press("Switch to Files");
  assert.deepEqual(changes(), [{ method: "POST", path: "base", body: { base: "files" } }]);
  assert.equal(stage.query, "");
});

test("switching to Exact Online for the first time leads straight to connecting", async () => {
  const fresh = overview({ base: { current: null, since: null, by: null, history: [] } });
  const { play } = await open(fresh, "view=switch", () => overview());
  await play.press("Continue");
  await play.press("Switch to Exact Online");
  assert.equal(play.heading, "Before you start");
});

test("the wizard leads from the region to a connection that awaits its consent", async () => {
  const created = connection("awaiting_consent", { name: "Books NL" });
  const { play, changes } = await open(overview(), "view=connect", () => created);
  await play.press("Continue");
  await play.press("Continue");
  assert.match(play.text, /Choose a region\./);
  await play.choose("nl");
  await play.press("Continue");
  assert.equal(play.heading, "Name and axes");
  await play.type("  ");
  await play.press("Continue");
  assert.match(play.text, /Give the connection a name/);
  assert.deepEqual(changes(), []);
  await play.type(" Books NL ");
  await play.tick("Cost units");
  await play.press("Continue");
  assert.deepEqual(changes(), [
    {
      method: "POST",
      path: "connections",
      body: { name: "Books NL", connection_id: "exact_online_nl", axes: ["cost_units"] },
    },
  ]);
  assert.equal(play.heading, "Authorise");
  assert.match(play.text, /Step 4 of 6/);
});

test("a region without a ready app tells the platform owner what to do, with the address to register", async () => {
  const broken = app({
    connection_id: "be",
    region: "be",
    is_configured: false,
    problem: "no client id",
    remedy: "Add it.",
  });
  const { play } = await open(overview({ apps: [broken] }), "view=connect&step=2");
  await play.choose("be");
  for (const text of [
    "No app for Belgium is ready",
    "no client id",
    "Add it.",
    broken.callback_uri,
    "start.exactonline.be",
  ]) {
    assert.ok(play.text.includes(text), text);
  }
  assert.equal(play.all("ClipboardRoot")[0]?.props.value, broken.callback_uri);
  assert.ok(play.all("Link").some((each) => each.props.href === "https://airflow.example/finance/connections"));
  const others = overview({ apps: [broken], user: { name: "f", may_act: true, may_edit_apps: false } });
  const asked = (await open(others, "view=connect&step=2")).play;
  await asked.choose("be");
  assert.match(asked.text, /Ask whoever looks after Airflow/);
  assert.ok(!asked.all("Link").some((each) => each.props.href?.endsWith("/connections")));
});

test("authorising goes to Exact's login in this window", async () => {
  const waiting = overview({ connections: [connection("awaiting_consent")] });
  const login = "https://start.exactonline.nl/api/oauth2/auth?state=s";
  const { play, changes } = await open(waiting, "connection=Group+NL", () => ({ url: login }));
  await play.press("Authorise at Exact Online");
  assert.deepEqual(stage.assigned, [login]);
  assert.equal(changes()[0]?.path, "connections/Group%20NL/authorise");
});

test("an address that is no web page is not opened", async () => {
  const waiting = overview({ connections: [connection("awaiting_consent")] });
  const { play } = await open(waiting, "connection=Group+NL", () => ({ url: "javascript:alert(1)" }));
  await play.press("Authorise at Exact Online");
  assert.deepEqual(stage.assigned, []);
  assert.match(play.text, /not one that a browser may open/);
});

test("coming back without a consent says why, and offers to try again", async () => {
  const waiting = overview({ connections: [connection("awaiting_consent")] });
  const { play } = await open(waiting, "connection=Group+NL&problem=denied");
  assert.match(play.text, /was not given your permission/);
  assert.ok(play.buttons.includes("Authorise at Exact Online"));
});

test("companies are chosen by code, name, country and customer, one or several", async () => {
  const companies = [
    company(),
    company({ division: 2, name: HOSTILE, country: "BE", customer: "Other" }),
    company({ division: 3, name: "Taken", taken_by: "Group BE" }),
  ];
  const choosing = overview({ connections: [connection("choose_company", { companies: [] })] });
  const { play, changes } = await open(choosing, "connection=Group+NL", ({ method, path }) => {
    if (path.endsWith("/progress")) return { state: "initial_sync", run: null, entities: [] };
    return method === "GET" ? { companies } : connection("initial_sync");
  });
  assert.match(play.text, /NL · Customer: Demo Group · active/);
  assert.match(play.text, /3 · Taken .* Already synced by the connection Group BE/);
  await play.press("Start the first sync");
  assert.match(play.text, /Choose at least one company/);
  await play.tick("1000001");
  await play.tick(`2 · ${HOSTILE}`);
  assert.match(play.text, /2 of 2 companies chosen/);
  await play.press("Start the first sync");
  assert.deepEqual(changes()[0], {
    method: "PUT",
    path: "connections/Group%20NL/companies",
    body: { divisions: [1000001, 2] },
  });
  assert.match(play.text, /Step 6 of 6: First sync/);
});

test("a missing company is explained step by step, and the list asked for again at Exact", async () => {
  const choosing = overview({ connections: [connection("choose_company", { companies: [] })] });
  const { play, requests } = await open(choosing, "connection=Group+NL", ({ path }) => ({
    companies: path.endsWith("?reload=true") ? [company()] : [],
  }));
  assert.match(play.text, /My company is not in the list .* App permissions.* Permitted companies/);
  await play.press("Load the list again");
  assert.equal(requests.at(-1)?.path, "connections/Group%20NL/companies?reload=true");
  assert.match(play.text, /1000001 · Demo Holding/);
});

test("a refused change keeps what was entered, and shows message and remedy", async () => {
  const error = { message: "Exact Online is being maintained.", remedy: "Try again at 04:30.", reason: "maintenance" };
  const choosing = overview({ connections: [connection("choose_company", { companies: [] })] });
  const { play } = await open(choosing, "connection=Group+NL", ({ method }) =>
    method === "GET" ? { companies: [company()] } : Response.json({ error }, { status: 503 }),
  );
  await play.tick("1000001");
  await play.press("Start the first sync");
  assert.ok(play.text.includes(error.message) && play.text.includes(error.remedy));
  assert.match(play.text, /1 of 1 company chosen/);
});

test("a running sync is followed until it is done, and failures name their log", async () => {
  const syncing = overview({ connections: [connection("initial_sync")] });
  const failed = dataSet({
    entity: "vat_codes",
    label: "VAT codes",
    state: "failed",
    message: "Refused.",
    log_url: "dags/x",
  });
  let state = "running";
  const { play, requests } = await open(syncing, "connection=Group+NL", () => ({
    state: state === "running" ? "initial_sync" : "degraded",
    run: { id: "r", state, url: "dags/r" },
    entities: state === "running" ? [dataSet({ state: "running", rows: 60 })] : [dataSet(), failed],
  }));
  const looks = () => requests.filter((each) => each.path.endsWith("/progress")).length;
  assert.match(play.text, /0 of 1 data sets done, 1 running/);
  assert.match(play.text, /60 so far/);
  state = "failed";
  mock.timers.tick(2_000);
  await play.settle();
  assert.match(play.text, /1 of 2 data sets done, 1 failed/);
  assert.match(play.text, /Refused\./);
  const log = play.all("Link").find((each) => nameOf(each) === "Log of VAT codes, Demo Holding");
  assert.equal(log?.props.href, "https://airflow.example/finance/dags/x");
  const before = looks();
  mock.timers.tick(600_000);
  await play.settle();
  assert.equal(looks(), before);
});

test("disconnecting asks first, and says that tokens are destroyed and data is kept", async () => {
  const { play, changes } = await open(overview({ connections: [connection()] }), "", () => connection("disconnected"));
  await play.press("Disconnect: Group NL");
  assert.match(play.text, /tokens for Exact Online are destroyed.*data synced so far is kept/);
  await play.press("Cancel");
  assert.deepEqual(changes(), []);
  await play.press("Disconnect: Group NL");
  await play.press("Disconnect");
  assert.deepEqual(changes(), [{ method: "POST", path: "connections/Group%20NL/disconnect", body: {} }]);
});

test("removing asks first, says what is kept, and leads to the list without the connection", async () => {
  const own = connection("disconnected", { actions: ["reconnect", "remove"] });
  const { play, changes } = await open(overview({ connections: [own] }), "connection=Group+NL", ({ method }) =>
    method === "GET" ? { state: "disconnected", run: null, entities: [] } : overview(),
  );
  await play.press("Remove: Group NL");
  assert.match(play.text, /data synced so far is kept in the warehouse.*history is kept/);
  await play.press("Cancel");
  assert.deepEqual(changes(), []);
  await play.press("Remove: Group NL");
  await play.press("Remove");
  assert.deepEqual(changes(), [{ method: "POST", path: "connections/Group%20NL/remove", body: {} }]);
  assert.equal(play.heading, "Accounting setup");
  assert.ok(!play.text.includes("Group NL") || /Group NL: removed/.test(play.text));
  assert.match(play.text, /No connection yet/);
  assert.doesNotMatch(play.text, /There is no such connection/);
});

test("what cannot be undone without a login is asked before it is done, and nothing else", async () => {
  const everything = ["authorise", "sync", "pause", "resume", "disconnect", "remove"];
  const { play } = await open(overview({ connections: [connection("healthy", { actions: everything })] }));
  const dangerous = play.all("Button").filter((each) => each.props.colorPalette === "danger");
  assert.deepEqual(dangerous.map(nameOf), ["Disconnect: Group NL", "Remove: Group NL"]);
});

test("data that nothing is added to is not shown as a sync under way", async () => {
  const reading = { run: null, entities: [dataSet(), dataSet({ entity: "vat_codes", label: "VAT codes" })] };
  for (const [state, isFollowed] of [
    ["healthy", true],
    ["degraded", true],
    ["reconnect_needed", false],
    ["paused", false],
    ["disconnected", false],
  ]) {
    const own = overview({ connections: [connection(state)] });
    const { play } = await open(own, "connection=Group+NL", () => ({ state, ...reading }));
    assert.equal(play.all("ProgressRoot").length === 1, isFollowed, state);
    assert.equal(play.text.includes("As it was last read: 2 of 2 data sets done."), !isFollowed, state);
    play.close();
  }
});

test("what was paused before its authorisation ended says that it stays paused", async () => {
  const ended = {
    reason: "revoked",
    reason_text: "It was revoked.",
    remedy: "Reconnect.",
    is_paused: true,
    actions: ["reconnect"],
  };
  const { play } = await open(overview({ connections: [connection("reconnect_needed", ended)] }));
  assert.match(play.text, /stays paused until somebody resumes it/);
  await play.press("Reconnect: Group NL");
  assert.match(play.text, /stays paused until somebody resumes it/);
  assert.doesNotMatch(play.text, /next sync goes on/);
});

test("the way back names what lies above, with a slash between and none at its end", async () => {
  const own = overview({ connections: [connection()] });
  const way = async (query) => {
    const { play } = await open(own, query, () => ({ ...connection(), journal: [], run: null, entities: [] }));
    const trail = play.all("Flex").find((each) => each.props["aria-label"] === "Back to");
    return textOf(trail).replace(/\s+/g, " ").trim();
  };
  assert.equal(await way("connection=Group+NL"), "Accounting setup");
  assert.equal(await way("connection=Group+NL&view=history"), "Accounting setup / Group NL");
});

test("where others share the login, the page says why, and disconnecting that the tokens stay", async () => {
  const shared = connection("healthy", { shares_grant_with: ["Group BE"] });
  const { play } = await open(overview({ connections: [shared] }));
  assert.match(play.text, /Shares its login with Group BE .*Reconnecting one of them reconnects all/);
  await play.press("Disconnect: Group NL");
  assert.match(play.text, /tokens stay, because Group BE uses them too/);
});

test("a history shows what happened, why and by whom", async () => {
  const entry = {
    at: "2026-11-22T17:00:00Z",
    event: "grant_ended",
    from_state: "healthy",
    to_state: "reconnect_needed",
  };
  const journal = [{ ...entry, reason: "revoked", message: `Refused: ${HOSTILE}`, by: "sync" }];
  const { play } = await open(overview({ connections: [connection()] }), "connection=Group+NL&view=history", () => ({
    ...connection(),
    journal,
  }));
  assert.match(play.text, /Authorisation ended .* Healthy → Reconnect needed, by sync/);
  assert.ok(play.text.includes(HOSTILE));
});

test("a page that cannot load says so and can be asked again", async () => {
  let isDown = true;
  stage.query = "";
  serve(() => (isDown ? Response.json({}, { status: 502 }) : overview()));
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  assert.match(play.text, /HTTP 502/);
  isDown = false;
  await play.press("Try again");
  assert.equal(play.heading, "Accounting setup");
});

test("who is no longer logged in is led to the login", async () => {
  serve(() => Response.json({ error: { message: "Not authenticated", remedy: "Log in." } }, { status: 401 }));
  const play = new Play(React.createElement(globalThis.AirflowPlugin, {}));
  await play.settle();
  const [link] = play.all("Link");
  assert.match(link?.props.href, /^https:\/\/airflow\.example\/finance\/api\/v2\/auth\/login\?next=/);
});
