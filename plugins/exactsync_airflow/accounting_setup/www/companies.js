// Choose the companies to sync: one or several, and help where one is missing.

/** @import {Company, Connection, ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { aboutText, chosenText, companyText, found, isChoosable, obstacle } from "./choice.js";
import {
  Bullets,
  Column,
  Lines,
  More,
  Muted,
  Notice,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  ViewHeading,
  Waiting,
  h,
} from "./components.js";
import { Press, TextInput, Tick } from "./controls.js";
import { Guide } from "./guide.js";
import { connectionAt } from "./place.js";
import { ProblemNotice } from "./problem.js";
import { stepOf } from "./steps.js";
import { MISSING_COMPANY, PERMIT_STEPS } from "./texts.js";
import { useWork } from "./working.js";

const { useEffect, useState } = globalThis.React;

const MANY = 8;

/** @param {ViewProps} props */
export function CompaniesView(props) {
  const { overview, place } = props;
  const connection = connectionAt(overview, place);
  const name = connection?.name ?? "";
  const { isBusy, problem, run } = useWork();
  const [companies, setCompanies] = useState(/** @type {Company[] | null} */ (null));
  const load = (/** @type {boolean} */ reload) =>
    run(async () => setCompanies((await api.companies(name, reload)).companies));
  useEffect(() => void load(false), [name]);
  if (!connection) return null;
  const step = stepOf("companies", connection);
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "companies", connection }),
    h(ViewHeading, null, step ? "Companies" : `Companies of ${name}`),
    h(
      Paragraph,
      null,
      "Choose the companies to sync. In Exact Online they are also called administrations or divisions.",
    ),
    !companies && isBusy && h(Waiting, null, "Reading your companies from Exact Online …"),
    h(ProblemNotice, { problem, onRetry: () => void load(true) }),
    companies && h(Choice, { ...props, connection, companies, isFirst: step !== null }),
    h(Missing, { isBusy, isOpen: companies?.length === 0, onReload: () => void load(true) }),
  );
}

/** @param {ViewProps & { connection: Connection, companies: Company[], isFirst: boolean }} props */
function Choice({ connection, companies, isFirst, go, changed, announce }) {
  const { name } = connection;
  const { isBusy, problem, run } = useWork();
  const [text, setText] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  const [chosen, setChosen] = useState(
    () => new Set(companies.filter((each) => each.is_chosen).map((each) => each.division)),
  );
  const toldChoice = chosenText(chosen.size, companies.filter((each) => isChoosable(each, name)).length);
  const set = (/** @type {number[]} */ divisions, /** @type {boolean} */ isChosen) => {
    const next = new Set(chosen);
    for (const division of divisions) isChosen ? next.add(division) : next.delete(division);
    setChosen(next);
    setEmpty(false);
  };
  const save = () => {
    if (!chosen.size) return setEmpty(true);
    return void run(async () => {
      changed(await api.chooseCompanies(name, [...chosen]));
      announce(`${toldChoice}. The sync starts.`);
      go({ view: "connection", connection: name });
    });
  };
  const shown = found(companies, text);
  const choosable = shown.filter((each) => isChoosable(each, name));
  const others = shown.filter((each) => !isChoosable(each, name));
  return h(
    Column,
    { gap: 3 },
    companies.length > MANY &&
      h(TextInput, { label: "Find a company", value: text, onChange: setText, isSearch: true }),
    h(
      Row,
      null,
      h(Muted, null, h("span", { "aria-live": "polite" }, toldChoice)),
      choosable.length > 1 &&
        h(
          Press,
          {
            onPress: () =>
              set(
                choosable.map((each) => each.division),
                true,
              ),
          },
          text ? "Choose all found" : "Choose all",
        ),
    ),
    choosable.map((company) =>
      h(Tick, {
        key: company.division,
        label: companyText(company),
        text: aboutText(company),
        warning: obstacle(company, name),
        isChecked: chosen.has(company.division),
        onChange: (isChosen) => set([company.division], isChosen),
      }),
    ),
    others.length > 0 && h(Others, { companies: others, connection: name }),
    !shown.length &&
      h(
        Paragraph,
        { isMuted: true },
        companies.length ? "No company matches." : "Exact Online shows this user no company.",
      ),
    !isFirst && h(Muted, null, "A company that you take out is no longer synced. Its data is kept."),
    isEmpty && h(Notice, { kind: "error", title: "Choose at least one company." }),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(
        Press,
        { onPress: () => go(isFirst ? { view: "overview" } : { view: "connection", connection: name }) },
        isFirst ? "Later" : "Cancel",
      ),
      h(Press, { onPress: save, isMain: true, isBusy }, isFirst ? "Start the first sync" : "Save companies"),
    ),
  );
}

/** @param {{ companies: Company[], connection: string }} props Those that cannot be chosen, and why. */
function Others({ companies, connection }) {
  return h(
    Panel,
    { label: "Companies that cannot be chosen" },
    h(SectionHeading, null, "These cannot be chosen now"),
    h(Lines, {
      rows: companies.map((company) => ({
        key: company.division,
        row: [companyText(company), h(Muted, { key: "about" }, aboutText(company)), obstacle(company, connection)],
      })),
    }),
  );
}

/** @param {{ isBusy: boolean, isOpen: boolean, onReload: () => void }} props */
function Missing({ isBusy, isOpen, onReload }) {
  return h(
    More,
    { summary: "My company is not in the list", isOpen },
    h(
      Column,
      { gap: 3 },
      h(Paragraph, null, MISSING_COMPANY),
      h(Bullets, { isOrdered: true, items: PERMIT_STEPS }),
      h(Row, null, h(Press, { onPress: onReload, isBusy }, "Load the list again")),
    ),
  );
}
