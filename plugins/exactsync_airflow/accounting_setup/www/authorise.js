// Authorise, and reconnect: to Exact's login, in this very window, and back.

/** @import {Connection, ViewProps} from "./types.d.ts" */

import { ApiError, api, safeHref } from "./api.js";
import { Bullets, Column, Paragraph, Row, ViewHeading, h } from "./components.js";
import { Press } from "./controls.js";
import { Guide } from "./guide.js";
import { connectionAt } from "./place.js";
import { ProblemNotice } from "./problem.js";
import { REGIONS, stepOf } from "./steps.js";
import { ConnectionFacts } from "./summary.js";
import { useWork } from "./working.js";

/** @param {ViewProps} props */
export function AuthoriseView({ overview, place, go }) {
  const { isBusy, problem, run } = useWork();
  const connection = connectionAt(overview, place);
  if (!connection) return null;
  const step = stepOf("authorise", connection);
  const authorise = () =>
    run(async () => {
      const { url } = await api.authorise(connection.name);
      const address = safeHref(url);
      if (!address) throw new ApiError(NO_ADDRESS);
      globalThis.location.assign(address);
    });
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "authorise", connection }),
    h(ViewHeading, null, step ? "Authorise" : `Reconnect ${connection.name}`),
    h(
      Paragraph,
      null,
      step
        ? `${connection.name} is set up. Now let it read from Exact Online.`
        : "Log in at Exact Online once more. Nothing is lost:",
    ),
    h(Bullets, { items: step ? firstTime(connection) : again(connection) }),
    !step && h(ConnectionFacts, { connection, overview }),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(Press, { onPress: () => go({ view: "overview" }) }, step ? "Later" : "Cancel"),
      h(Press, { onPress: () => void authorise(), isMain: true, isBusy }, "Authorise at Exact Online"),
    ),
  );
}

const NO_ADDRESS = {
  message: "The address of Exact Online's login is not one that a browser may open.",
  remedy: "Whoever looks after Airflow has to correct the base URL of the app.",
  reason: null,
  status: 0,
};

/** @param {Connection} connection */
function firstTime(connection) {
  const host = REGIONS.find((each) => each.code === connection.region)?.host ?? "Exact Online";
  return [
    `This window goes to the login of ${host}. Your password stays there.`,
    "Log in as the user whose companies you want to sync, and allow the access.",
    "You come back here and choose the companies.",
  ];
}

/** @param {Connection} connection */
function again({ is_paused: isPaused }) {
  return [
    isPaused
      ? "Companies, axes and all data stay. It was paused before, and stays paused until somebody resumes it."
      : "Companies, axes and all data stay. The next sync goes on where the last one stopped.",
    "Log in as the same user as before, if you can. Another user may see other companies.",
    "You come back here within ten minutes.",
  ];
}
