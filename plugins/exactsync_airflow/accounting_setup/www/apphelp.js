// What the platform owner has to do before a region can be connected.

/** @import {Overview} from "./types.d.ts" */

import { apiUrl } from "./api.js";
import { Bullets, Muted, Notice, OutLink, Paragraph, Panel, Row, SectionHeading, h } from "./components.js";
import { CopyText, Press } from "./controls.js";
import { appsOf } from "./steps.js";
import { useWork } from "./working.js";

/** @param {{ overview: Overview, region: { code: string, label: string, host: string }, reload: () => Promise<void> }} props */
export function AppHelp({ overview, region, reload }) {
  const { isBusy, run } = useWork();
  const { unfinished } = appsOf(overview, region.code);
  const callback = overview.apps[0]?.callback_uri ?? apiUrl("../oauth/callback").href;
  const mayEdit = overview.user.may_edit_apps;
  return h(
    Panel,
    { label: "App needed" },
    h(SectionHeading, null, `No app for ${region.label} is ready`),
    h(
      Paragraph,
      null,
      mayEdit
        ? "An app is a client id that Exact Online gives you. You may set it up in Airflow:"
        : "An app is a client id that Exact Online gives your company. Ask whoever looks after Airflow to do this:",
    ),
    unfinished.map((app) =>
      h(
        Notice,
        { key: app.connection_id, kind: "warning", title: `${app.connection_id}: ${app.problem ?? "not complete"}` },
        app.remedy && h(Paragraph, null, app.remedy),
      ),
    ),
    h(Bullets, {
      isOrdered: true,
      items: [
        [
          `In the app centre of Exact Online ${region.label}, register an app. Give it exactly this redirect URI:`,
          h(CopyText, { key: "callback", name: "redirect URI", text: callback }),
          callback.startsWith("http:") &&
            h(
              Muted,
              { key: "https" },
              "Exact Online takes https addresses only: Airflow has to be reached by https first.",
            ),
        ],
        [
          "In Airflow, under Admin, Connections, ",
          mayEdit ? h(OutLink, { key: "apps", href: overview.apps_url }, "add a connection") : "add a connection",
          ` of the type Exact Online: base URL https://${region.host}, client ID and client secret of the app, and the same redirect URI.`,
        ],
        "Come back here and look again.",
      ],
    }),
    h(Row, null, h(Press, { onPress: () => void run(reload), isBusy }, "Look again")),
  );
}
