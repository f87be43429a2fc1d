// A moment in words, with the exact one for who wants it.

import { Muted, h } from "./components.js";
import { chosenZone, distanceText, momentText } from "./times.js";

/**
 * @param {{ at: string | null, now: string, none?: string, isInline?: boolean }} props
 *   now: by the server's clock. none: what to say where there is no such moment. isInline: all in one line.
 */
export function Moment({ at, now, none = "Never", isInline = false }) {
  if (!at) return none;
  const exact = momentText(at, chosenZone(globalThis.localStorage));
  const distance = distanceText(at, now);
  return h(
    "time",
    { dateTime: at },
    isInline ? `${exact} (${distance})` : [distance, h(Muted, { key: "exact" }, exact)],
  );
}
