// Change the analytical axes of a connection.

/** @import {ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { Column, Muted, Row, ViewHeading, h } from "./components.js";
import { AxisTicks } from "./connect.js";
import { Press } from "./controls.js";
import { Guide } from "./guide.js";
import { connectionAt } from "./place.js";
import { ProblemNotice } from "./problem.js";
import { useWork } from "./working.js";

const { useState } = globalThis.React;

/** @param {ViewProps} props */
export function AxesView({ overview, place, go, changed, announce }) {
  const connection = connectionAt(overview, place);
  const name = connection?.name ?? "";
  const [chosen, setChosen] = useState(connection?.axes ?? []);
  const { isBusy, problem, run } = useWork();
  const back = () => go({ view: "connection", connection: name });
  const save = () =>
    run(async () => {
      changed(await api.chooseAxes(name, chosen));
      announce("Axes saved.");
      back();
    });
  const setAxis = (/** @type {string} */ axis, /** @type {boolean} */ isActive) => {
    const others = chosen.filter((each) => each !== axis);
    setChosen(isActive ? [...others, axis] : others);
  };
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "axes", connection }),
    h(ViewHeading, null, `Axes of ${name}`),
    h(AxisTicks, { overview, chosen, setAxis }),
    h(Muted, null, "A new axis is read by the next sync. One that you take out is no longer synced. Its data is kept."),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(Press, { onPress: back }, "Cancel"),
      h(Press, { onPress: () => void save(), isMain: true, isBusy }, "Save axes"),
    ),
  );
}
