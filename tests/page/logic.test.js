// What the page decides without a browser: where one is, what comes next, what to say, when to look again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HOSTILE, NOW, app, company, connection, dataSet, overview } from "./fixtures.js";

const { placeOf, queryOf, shownAt } = await import("../../plugins/exactsync_airflow/accounting_setup/www/place.js");
const steps = await import("../../plugins/exactsync_airflow/accounting_setup/www/steps.js");
const times = await import("../../plugins/exactsync_airflow/accounting_setup/www/times.js");
const progress = await import("../../plugins/exactsync_airflow/accounting_setup/www/progress.js");
const choice = await import("../../plugins/exactsync_airflow/accounting_setup/www/choice.js");
const api = await import("../../plugins/exactsync_airflow/accounting_setup/www/api.js");
const texts = await import("../../plugins/exactsync_airflow/accounting_setup/www/texts.js");

const at = (query) => placeOf(new URLSearchParams(query));

test("every place reads back from its own address", () => {
  const places = [
    { view: "overview" },
    { view: "overview", problem: "state_expired" },
    { view: "switch", step: 2 },
    { view: "connect", step: 3 },
    { view: "connection", connection: "Caf\u00e9 & Zonen / BE?" },
    { view: "connection", connection: "Group NL", problem: "denied" },
    { view: "history", connection: "Group NL" },
  ];
  for (const place of places) assert.deepEqual(at(queryOf(place)), place);
});

test("an address that makes no sense leads to the overview", () => {
  for (const query of ["?view=nonsense", "?view=history", "?view=companies&connection=", "?step=-1", "?step=x"]) {
    assert.deepEqual(at(query), { view: "overview" }, query);
  }
});

test("who opens a connection that is being set up goes on with its next step", () => {
  const shown = (state) =>
    shownAt(overview({ connections: [connection(state)] }), { view: "connection", connection: "Group NL" }).view;
  assert.equal(shown("awaiting_consent"), "authorise");
  assert.equal(shown("choose_company"), "companies");
  for (const state of ["initial_sync", "healthy", "degraded", "reconnect_needed", "paused", "disconnected"]) {
    assert.equal(shown(state), "connection", state);
  }
});

test("who may only look is never shown a view that changes something", () => {
  const own = overview({
    user: { name: "v", may_act: false, may_edit_apps: false },
    connections: [connection("choose_company")],
  });
  const shown = (place) => shownAt(own, place).view;
  assert.equal(shown({ view: "switch" }), "overview");
  assert.equal(shown({ view: "connect" }), "overview");
  for (const view of ["connection", "authorise", "companies", "axes"]) {
    assert.equal(shown({ view, connection: "Group NL" }), "connection", view);
  }
  assert.equal(shown({ view: "history", connection: "Group NL" }), "history");
});

test("a connection that is gone leads to the overview, which says so", () => {
  const shown = shownAt(overview(), { view: "companies", connection: "Gone" });
  assert.equal(shown.view, "overview");
  assert.match(texts.returnProblem(shown.problem ?? "").message, /no such connection/);
});

test("the wizard has six steps, and a working connection none", () => {
  assert.deepEqual(
    [
      steps.stepOf("connect", undefined, 2),
      steps.stepOf("authorise", connection("awaiting_consent")),
      steps.stepOf("companies", connection("choose_company")),
      steps.stepOf("connection", connection("initial_sync")),
    ],
    [2, 4, 5, 6],
  );
  assert.equal(steps.stepOf("authorise", connection("reconnect_needed")), null);
  assert.equal(steps.stepOf("companies", connection("healthy")), null);
});

test("a step is out of reach while what it needs is not chosen", () => {
  assert.equal(steps.reachableStep(steps.EMPTY_DRAFT, undefined), 1);
  assert.equal(steps.reachableStep(steps.EMPTY_DRAFT, 3), 2);
  assert.equal(steps.reachableStep({ ...steps.EMPTY_DRAFT, connection_id: "exact_online_nl" }, 3), 3);
  assert.equal(steps.reachableStep({ ...steps.EMPTY_DRAFT, connection_id: "exact_online_nl" }, 9), 3);
});

test("a region chooses its app only where there is no choice", () => {
  const other = app({ connection_id: "second_nl" });
  const broken = app({ connection_id: "exact_online_be", region: "be", is_configured: false });
  const one = overview({ apps: [app(), broken] });
  assert.equal(steps.withRegion(one, steps.EMPTY_DRAFT, "nl").connection_id, "exact_online_nl");
  assert.equal(steps.withRegion(one, steps.EMPTY_DRAFT, "be").connection_id, "");
  assert.equal(steps.withRegion(overview({ apps: [app(), other] }), steps.EMPTY_DRAFT, "nl").connection_id, "");
});

test("an unfinished app that does not tell its region is shown for each", () => {
  const unfinished = app({ connection_id: "new", region: "", is_configured: false });
  assert.deepEqual(steps.appsOf(overview({ apps: [app(), unfinished] }), "fr"), {
    usable: [],
    unfinished: [unfinished],
  });
});

test("the suggested name follows the region until a person types another", () => {
  const own = overview({ connections: [connection("healthy", { name: "exact online nl" })] });
  const draft = steps.withRegion(own, steps.EMPTY_DRAFT, "nl");
  assert.equal(draft.name, "Exact Online NL 2");
  assert.equal(steps.withRegion(own, draft, "be").name, "Exact Online BE");
  assert.equal(steps.withRegion(own, { ...draft, name: "Mine" }, "be").name, "Mine");
});

test("names are checked before the server is asked", () => {
  assert.equal(steps.nameProblem("Group BE", ["Group NL"]), null);
  assert.equal(steps.nameProblem("\u{1F600}".repeat(60), []), null);
  assert.match(steps.nameProblem("  ", []) ?? "", /Give/);
  assert.match(steps.nameProblem("x".repeat(61), []) ?? "", /60/);
  assert.match(steps.nameProblem(" group nl ", ["Group NL"]) ?? "", /already/);
  for (const each of ["NL/BE", "a\\b", "why?", "#1", "50%"])
    assert.match(steps.nameProblem(each, []) ?? "", /cannot hold/, each);
});

test("what the server can check before connecting is checked", () => {
  const met = (given) => steps.checks(overview(given)).map((each) => each.isMet);
  assert.deepEqual(met({}), [true, true, true]);
  assert.deepEqual(met({ base: { ...overview().base, current: null } }), [true, true, true]);
  assert.deepEqual(met({ base: { ...overview().base, current: "files" }, apps: [] }), [false, false, true]);
  assert.deepEqual(met({ dag: { ...overview().dag, is_paused: true } }), [true, true, false]);
  assert.deepEqual(met({ dag: { ...overview().dag, is_scheduler_alive: false } }), [true, true, false]);
});

test("moments are told in the time zone chosen in Airflow, by the server's clock", () => {
  assert.equal(times.momentText(NOW, "Europe/Amsterdam"), "22 Nov 2026, 19:00");
  assert.equal(times.momentText(NOW, "UTC"), "22 Nov 2026, 18:00");
  assert.match(times.momentText(NOW, "Not/AZone"), /22 Nov 2026/);
  assert.equal(times.distanceText("2026-11-22T15:00:00Z", NOW), "3 hours ago");
  assert.equal(times.distanceText("2026-11-22T18:18:59Z", NOW), "in 18 minutes");
  assert.equal(times.distanceText("2026-11-22T17:59:50Z", NOW), "just now");
  assert.equal(times.distanceText("2026-11-21T17:00:00Z", NOW), "1 day ago");
});

test("Airflow's time zone is read from where its UI keeps it", () => {
  const kept = (value) => times.chosenZone({ getItem: () => value });
  assert.equal(kept('"Europe/Brussels"'), "Europe/Brussels");
  for (const value of [null, "nonsense", "{}", "42"]) assert.equal(kept(value), undefined);
});

test("the days until a grant lapses are counted for people", () => {
  assert.deepEqual([null, 0, 1, 27].map(times.lapseText), [null, "any moment now", "in 1 day", "in 27 days"]);
});

test("an authorisation that nothing refreshes is not said to be kept alive", () => {
  assert.deepEqual([30, 28].map(times.keptText), Array(2).fill("Kept alive daily, by itself."));
  assert.equal(times.keptText(9), "Nothing has refreshed it for 21 days.");
});

test("progress is counted by company, in the server's order", () => {
  const sets = [
    dataSet({ state: "running" }),
    dataSet({ division: 1000002, division_name: "Demo Shop", state: "failed", rows: 6 }),
    dataSet({ entity: "suppliers", state: "queued", rows: 0 }),
  ];
  const [holding, shop] = progress.byCompany(sets);
  assert.deepEqual([holding?.sets.length, shop?.sets.length], [2, 1]);
  assert.deepEqual(shop?.counts, { total: 1, rows: 6, queued: 0, running: 0, done: 0, failed: 1 });
  assert.equal(progress.summaryText(progress.counted(sets)), "0 of 3 data sets done, 1 running, 1 failed");
  assert.equal(progress.summaryText(progress.counted([])), "Nothing to read yet.");
});

test("a run that failed is told, though every data set may be done", () => {
  assert.equal(progress.runText({ state: "running" }), "Run in Airflow");
  assert.equal(progress.runText({ state: "success" }), "Last run in Airflow");
  assert.equal(progress.runText({ state: "failed" }), "Last run in Airflow (failed)");
});

test("rows are told as they stand", () => {
  assert.equal(progress.rowsText({ state: "queued", rows: 0 }), "");
  assert.equal(progress.rowsText({ state: "running", rows: 1204 }), "1,204 so far");
  assert.equal(progress.rowsText({ state: "done", rows: 0 }), "0");
});

test("who listens hears of what was done or failed, and not of each row", () => {
  const before = progress.counted([dataSet({ state: "running", rows: 5 }), dataSet({ state: "queued" })]);
  const moreRows = progress.counted([dataSet({ state: "running", rows: 9 }), dataSet({ state: "running" })]);
  const oneDone = progress.counted([dataSet(), dataSet({ state: "running" })]);
  assert.equal(progress.newsText(before, moreRows), null);
  assert.equal(progress.newsText(before, oneDone), "1 of 2 data sets done, 1 running");
});

test("a sync is looked at every two seconds while it runs, and no longer once it is over or hidden", () => {
  const run = (state) => ({ id: "r", state, url: "u" });
  const next = (own, rest = {}) =>
    progress.nextLook({ progress: { entities: [], ...own }, failures: 0, isHidden: false, ...rest });
  assert.equal(next({ state: "initial_sync", run: run("queued") }), 2_000);
  assert.equal(next({ state: "healthy", run: run("running") }), 2_000);
  assert.equal(next({ state: "healthy", run: run("success") }), null);
  assert.equal(next({ state: "degraded", run: run("failed") }), null);
  assert.equal(next({ state: "healthy", run: null }), null);
  assert.equal(next({ state: "initial_sync", run: run("failed") }), 15_000, "the next run goes on");
  assert.equal(next({ state: "initial_sync", run: run("running") }, { isHidden: true }), null);
});

test("a server that does not answer is asked less and less often", () => {
  const next = (failures) => progress.nextLook({ progress: null, failures, isHidden: false });
  assert.deepEqual([0, 1, 2, 3, 10].map(next), [2_000, 4_000, 8_000, 16_000, 60_000]);
  const overviews = [0, 1, 9].map((failures) => progress.nextOverview({ isBusy: false, failures, isHidden: false }));
  assert.deepEqual(overviews, [30_000, 30_000, 240_000]);
  assert.equal(progress.nextOverview({ isBusy: true, failures: 0, isHidden: true }), null);
});

test("a company that cannot be chosen says why, and a chosen one can always be let go", () => {
  const obstacle = (given) => choice.obstacle(company(given), "Group NL");
  assert.equal(obstacle({}), null);
  assert.match(obstacle({ taken_by: "Group BE" }) ?? "", /Group BE/);
  assert.equal(obstacle({ taken_by: "Group NL" }), null);
  assert.match(obstacle({ is_permitted: false }) ?? "", /not permitted/);
  assert.equal(obstacle({ problem: "It is archived." }), "It is archived.");
  assert.equal(choice.isChoosable(company({ is_permitted: false }), "Group NL"), false);
  assert.equal(choice.isChoosable(company({ is_permitted: false, is_chosen: true }), "Group NL"), true);
});

test("companies are found by any of their words", () => {
  const all = [company(), company({ division: 1000002, name: "Demo Shop", country: "BE", customer: HOSTILE })];
  const found = (text) => choice.found(all, text).map((each) => each.division);
  assert.deepEqual(found(""), [1000001, 1000002]);
  assert.deepEqual(found("demo be"), [1000002]);
  assert.deepEqual(found("0001"), [1000001]);
  assert.deepEqual(found("onerror"), [1000002]);
  assert.deepEqual(found("nowhere"), []);
});

test("every address of the API stands below the path where Airflow lives", () => {
  const url = (base) => api.apiUrl("overview", base).href;
  assert.equal(url("https://airflow.example/"), "https://airflow.example/exactsync/api/overview");
  assert.equal(url("https://airflow.example/finance/"), "https://airflow.example/finance/exactsync/api/overview");
});

test("no address but http and https is followed", () => {
  const href = (address) => api.safeHref(address, "https://airflow.example/finance/");
  assert.equal(href("dags/x"), "https://airflow.example/finance/dags/x");
  assert.equal(href("https://start.exactonline.nl/api"), "https://start.exactonline.nl/api");
  for (const bad of ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "http://["]) {
    assert.equal(href(bad), undefined, bad);
  }
});

test("a refusal keeps the server's message and remedy", () => {
  const error = { message: "There is a connection of this name.", remedy: "Choose another.", reason: "configuration" };
  assert.deepEqual(api.refusal(400, { error }), { ...error, status: 400 });
});

test("answers without an explanation get one", () => {
  for (const body of [undefined, null, {}, { detail: "x" }, { error: { message: 7 } }, "text"]) {
    for (const status of [200, 401, 403, 404, 500, 502]) {
      const problem = api.refusal(status, body);
      assert.ok(problem.message && problem.remedy, `${status}`);
    }
  }
  assert.match(api.refusal(401, undefined).message, /logged in/);
  assert.match(api.problemOf(new TypeError("fetch failed")).message, /cannot be reached/);
  assert.match(api.problemOf(new DOMException("x", "TimeoutError")).message, /in time/);
});

test("what anybody wrote into the address is not repeated", () => {
  for (const reason of [HOSTILE, "constructor", "__proto__", ""]) {
    const problem = texts.returnProblem(reason);
    assert.equal(problem.message, "The login at Exact Online did not succeed.");
    assert.equal(problem.reason, null);
  }
});
