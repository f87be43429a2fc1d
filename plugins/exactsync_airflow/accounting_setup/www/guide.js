// Where one is: how far in the wizard, or the way back.

/**
 * @import {Connection, Place, View} from "./types.d.ts"
 */

import { Steps, Trail, h } from "./components.js";
import { STEPS, stepOf } from "./steps.js";

/** @param {{ view: View, connection?: Connection, drafting?: number }} props drafting: the step of the view "connect". */
export function Guide({ view, connection, drafting }) {
  const step = stepOf(view, connection, drafting);
  if (step) return h(Steps, { step, names: STEPS });
  /** @type {[string, Place][]} */
  const places = [["Accounting setup", { view: "overview" }]];
  if (view === "source" || view === "mapping") places.push(["Payables", { view: "payables" }]);
  if (connection && view !== "connection") {
    places.push([connection.name, { view: "connection", connection: connection.name }]);
  }
  return h(Trail, { places });
}
