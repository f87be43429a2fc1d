// Everything the page asks of the server about payables.

/** @import {Choices, Mapped, MappingKind, Source, SourceSettings, Sources} from "./payables.d.ts" */

import { call } from "./api.js";

/** @param {string} name */
const source = (name) => `payables/${encodeURIComponent(name)}`;

/** @param {Record<string, string>} words */
const query = (words) => `?${new URLSearchParams(words)}`;

export const payablesApi = {
  /** @returns {Promise<Sources>} */
  sources: () => call("GET", "payables"),
  /** @type {(name: string, settings: SourceSettings) => Promise<Source>} */
  save: (name, settings) => call("PUT", source(name), { body: settings }),
  /** @type {(name: string, wanted: string) => Promise<Mapped>} */
  mapping: (name, wanted) => call("GET", `${source(name)}/mapping${query({ wanted })}`),
  /** @type {(name: string, kind: string, key: string, target: string | null, wanted: string) => Promise<Mapped>} */
  map: (name, kind, key, target, wanted) =>
    call("PUT", `${source(name)}/mapping${query({ wanted })}`, { body: { kind, key, target } }),
  /** @type {(name: string, kind: MappingKind, wanted: string) => Promise<Choices>} */
  choices: (name, kind, wanted) => call("GET", `${source(name)}/choices${query({ kind, wanted })}`),
};
