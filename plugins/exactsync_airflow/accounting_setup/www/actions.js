// What can be done with a connection: a button for each action that its state allows, and for no other.

/** @import {Action, Connection, ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { Bullets, Column, Group, Paragraph, h } from "./components.js";
import { Press, Question } from "./controls.js";
import { ProblemNotice } from "./problem.js";
import { ACTIONS } from "./texts.js";
import { useWork } from "./working.js";

const { useEffect, useRef, useState } = globalThis.React;

/** Actions that are views of their own; the others are done at once. */
const VIEWS = /** @type {const} */ ({
  authorise: "authorise",
  reconnect: "authorise",
  choose_companies: "companies",
  choose_axes: "axes",
});

/**
 * What a connection waits for, by its state.
 *
 * @type {Partial<Record<Connection["state"], Action>>}
 */
const AWAITED = {
  awaiting_consent: "authorise",
  choose_company: "choose_companies",
  reconnect_needed: "reconnect",
  paused: "resume",
  disconnected: "reconnect",
};

/**
 * @param {Action} action
 * @param {Connection} connection
 * @returns {string}
 */
export function actionLabel(action, connection) {
  return action === "choose_companies" && !connection.companies.length ? "Choose companies" : ACTIONS[action];
}

/**
 * @param {Connection} connection
 * @returns {Action | undefined}
 */
export function awaitedAction({ state, reason }) {
  return reason === "grant_lapsing" ? "reconnect" : AWAITED[state];
}

/**
 * @param {Connection} connection
 * @returns {Action[]} what its state allows: first what it waits for, last what is hard to undo.
 */
export function orderedActions(connection) {
  const order = /** @type {Action[]} */ (Object.keys(ACTIONS)).filter((each) => connection.actions.includes(each));
  const awaited = awaitedAction(connection);
  return [...order.filter((each) => each === awaited), ...order.filter((each) => each !== awaited)];
}

/** @param {Pick<ViewProps, "go" | "changed" | "announce"> & { connection: Connection, onStarted?: () => void }} props */
export function Actions({ connection, go, changed, announce, onStarted }) {
  const { name } = connection;
  const { isBusy, problem, run } = useWork();
  const [pressed, setPressed] = useState(/** @type {Action | null} */ (null));
  const [asked, ask] = useState(/** @type {keyof typeof QUESTIONS | null} */ (null));
  const holder = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    // the button that was pressed may be gone, and the focus with it
    if (pressed && document.activeElement === document.body) holder.current?.focus();
  }, [connection.state]);

  const act = (/** @type {keyof typeof DONE} */ action) => {
    setPressed(action);
    void run(async () => {
      if (action === "remove") {
        const news = await api.remove(name);
        ask(null);
        go({ view: "overview" });
        changed(news);
      } else {
        changed(await api.act(name, action));
        ask(null);
      }
      announce(`${name}: ${DONE[action]}`);
      if (action === "sync" || action === "resume") {
        go({ view: "connection", connection: name });
        onStarted?.();
      }
    }).then(() => setPressed(null));
  };
  const press = (/** @type {Action} */ action) => {
    if (action === "disconnect" || action === "remove") return ask(action);
    if (action === "pause" || action === "resume" || action === "sync") return act(action);
    return go({ view: VIEWS[action], connection: name });
  };

  return h(
    Column,
    { gap: 3 },
    h(
      Group,
      { label: `Actions for ${name}`, holder },
      orderedActions(connection).map((action) =>
        h(
          Press,
          {
            key: action,
            name: `${actionLabel(action, connection)}: ${name}`,
            onPress: () => isBusy || press(action),
            isMain: action === awaitedAction(connection),
            isDanger: action in QUESTIONS,
            isBusy: isBusy && pressed === action,
          },
          actionLabel(action, connection),
        ),
      ),
    ),
    !asked && h(ProblemNotice, { problem }),
    HARD.map((action) =>
      h(
        Question,
        {
          key: action,
          isOpen: asked === action,
          title: `${ACTIONS[action]} ${name}?`,
          yes: ACTIONS[action],
          isBusy,
          returnTo: holder,
          onYes: () => act(action),
          onNo: () => ask(null),
        },
        h(QUESTIONS[action], { connection }),
        h(ProblemNotice, { problem }),
      ),
    ),
  );
}

const DONE = {
  pause: "paused.",
  resume: "resumed.",
  disconnect: "disconnected.",
  remove: "removed.",
  sync: "a sync starts.",
};

/** What is hard to undo, with what it means: asked before it is done. */
const QUESTIONS = { disconnect: DisconnectConsequences, remove: RemoveConsequences };
const HARD = /** @type {const} */ (["disconnect", "remove"]);

/** @param {{ connection: Connection }} props */
function DisconnectConsequences({ connection }) {
  const others = connection.shares_grant_with;
  return h(
    Column,
    { gap: 3 },
    h(Bullets, {
      items: [
        others.length
          ? `The access tokens stay, because ${others.join(", ")} ${others.length > 1 ? "use" : "uses"} them too. This connection no longer does.`
          : "The access tokens for Exact Online are destroyed. They cannot be brought back.",
        "Nothing more is synced for this connection.",
        "All data synced so far is kept, and so are the companies and axes you chose.",
      ],
    }),
    h(Paragraph, { isMuted: true }, "To use it again, reconnect: log in at Exact Online once more."),
  );
}

/** @param {{ connection: Connection }} props */
function RemoveConsequences({ connection: { name, companies, state } }) {
  return h(
    Column,
    { gap: 3 },
    h(Bullets, {
      items: [
        "The connection leaves this list, and its settings with it.",
        state === "disconnected" && "All data synced so far is kept in the warehouse.",
        companies.length > 0 && "Its companies can be chosen by another connection, which goes on with their data.",
        `Its history is kept. A new connection with the name ${name} shows it, and goes on with it.`,
      ].filter((each) => each !== false),
    }),
  );
}
