// The page: fetches what the server knows, and shows the view that the address names.

/** @import {Connection, Overview, Place, View, ViewProps} from "./types.d.ts" */
/** @import {Component} from "./airflow.d.ts" */

import { api } from "./api.js";
import { AuthoriseView } from "./authorise.js";
import { AxesView } from "./axes.js";
import { CompaniesView } from "./companies.js";
import { Announcement, Column, Page, Waiting, h } from "./components.js";
import { ConnectView } from "./connect.js";
import { ConnectionView } from "./connection.js";
import { HistoryView } from "./history.js";
import { MappingView } from "./mapping.js";
import { OverviewView } from "./overview.js";
import { PayablesView } from "./sources.js";
import { placeOf, queryOf, shownAt } from "./place.js";
import { ProblemNotice } from "./problem.js";
import { nextOverview } from "./progress.js";
import { SourceView } from "./source.js";
import { SwitchView } from "./switch.js";
import { returnProblem } from "./texts.js";
import { usePolling } from "./working.js";

const { useCallback, useEffect, useState } = globalThis.React;
const { useSearchParams } = globalThis.ReactRouterDOM;

/** @type {Readonly<Record<View, Component<ViewProps>>>} */
const VIEWS = {
  overview: OverviewView,
  switch: SwitchView,
  connect: ConnectView,
  payables: PayablesView,
  source: SourceView,
  mapping: MappingView,
  connection: ConnectionView,
  authorise: AuthoriseView,
  companies: CompaniesView,
  axes: AxesView,
  history: HistoryView,
};

/**
 * Take what a change answered into what is known.
 *
 * @param {Overview} overview
 * @param {Overview | Connection} news
 * @returns {Overview}
 */
function withNews(overview, news) {
  if ("connections" in news) return news;
  const others = overview.connections.filter((each) => each.name !== news.name);
  const isNew = others.length === overview.connections.length;
  const connections = overview.connections.map((each) => (each.name === news.name ? news : each));
  return { ...overview, connections: isNew ? [...connections, news] : connections };
}

function AccountingSetup() {
  const [query, setQuery] = useSearchParams();
  const [said, announce] = useState("");
  const [overview, setOverview] = useState(/** @type {Overview | null} */ (null));
  const { value, problem, look } = usePolling(
    api.overview,
    ({ value: latest, ...rest }) =>
      nextOverview({ ...rest, isBusy: !!latest?.connections.some((each) => each.state === "initial_sync") }),
    null,
  );
  useEffect(() => {
    if (value) setOverview(value);
  }, [value]);

  const go = useCallback(
    (/** @type {Place} */ place) => {
      setQuery(new URLSearchParams(queryOf(place)));
      globalThis.scrollTo(0, 0);
    },
    [setQuery],
  );
  const changed = useCallback(
    (/** @type {Overview | Connection} */ news) => {
      setOverview((known) => (known ? withNews(known, news) : known));
      void look();
    },
    [look],
  );

  if (!overview) {
    return h(
      Page,
      null,
      problem
        ? h(ProblemNotice, { problem, onRetry: () => void look() })
        : h(Waiting, null, "Loading the accounting setup …"),
    );
  }
  const place = shownAt(overview, placeOf(query));
  return h(
    Page,
    null,
    h(Announcement, { text: said }),
    h(
      Column,
      null,
      problem && h(ProblemNotice, { problem, onRetry: () => void look() }),
      place.problem !== undefined && h(ProblemNotice, { problem: returnProblem(place.problem) }),
      h(VIEWS[place.view], {
        key: `${place.view}/${place.connection ?? place.source ?? ""}`,
        overview,
        place,
        go,
        changed,
        reload: look,
        announce,
      }),
    ),
  );
}

globalThis.AirflowPlugin = AccountingSetup;
