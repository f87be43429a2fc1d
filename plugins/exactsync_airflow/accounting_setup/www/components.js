// Thin names over Airflow's own components (Chakra UI), so that views say what they show and not how: what is read.

/**
 * @import {Child, Ref} from "./airflow.d.ts"
 * @import {Place} from "./types.d.ts"
 */

import { safeHref } from "./api.js";
import { queryOf } from "./place.js";

const { createElement: h, useEffect, useRef } = globalThis.React;
const {
  AlertContent,
  AlertDescription,
  AlertIndicator,
  AlertRoot,
  AlertTitle,
  Badge,
  Box,
  CardBody,
  CardFooter,
  CardHeader,
  CardRoot,
  Flex,
  Heading,
  HStack,
  Link,
  ListItem,
  ListRoot,
  ProgressRange,
  ProgressRoot,
  ProgressTrack,
  Spinner,
  Stack,
  TableBody,
  TableCell,
  TableColumnHeader,
  TableHeader,
  TableRoot,
  TableRow,
  Text,
  VisuallyHidden,
} = globalThis.ChakraUI;
const { Link: RouterLink } = globalThis.ReactRouterDOM;

export { h };

/** @param {{ isWide?: boolean, children?: Child }} props The page itself: no wider than can be read, unless it has to be. */
export function Page({ isWide = false, children }) {
  return h(Box, { as: "main", maxW: isWide ? undefined : "5xl", px: { base: 0, md: 2 }, pt: 3, pb: 8 }, children);
}

/**
 * The heading of a view. Focus moves to it when the view appears, so that a screen reader goes on there.
 *
 * @param {{ children?: Child }} props
 */
export function ViewHeading({ children }) {
  const heading = /** @type {Ref<HTMLElement | null>} */ (useRef(null));
  useEffect(() => heading.current?.focus(), []);
  return h(
    Heading,
    { as: "h1", size: "xl", ref: heading, tabIndex: -1, outline: "none", overflowWrap: "anywhere" },
    children,
  );
}

/** @param {{ id?: string, children?: Child }} props */
export function SectionHeading({ id, children }) {
  return h(Heading, { as: "h2", size: "md", id, overflowWrap: "anywhere" }, children);
}

/** @param {{ gap?: number, children?: Child }} props Things below each other. */
export function Column({ gap = 4, children }) {
  return h(Stack, { gap, align: "stretch" }, children);
}

/** @param {{ justify?: string, children?: Child }} props Things beside each other, as far as there is room. */
export function Row({ justify = "start", children }) {
  return h(Flex, { gap: 2, wrap: "wrap", align: "center", justify }, children);
}

/** @param {{ isMuted?: boolean, children?: Child }} props */
export function Paragraph({ isMuted = false, children }) {
  return h(Text, { color: isMuted ? "fg.muted" : "fg", maxW: "70ch", overflowWrap: "anywhere" }, children);
}

/**
 * Controls that belong together. As a whole they can hold the focus when the one that was pressed is gone.
 *
 * @param {{ label: string, holder: Ref<HTMLElement | null>, children?: Child }} props
 */
export function Group({ label, holder, children }) {
  const style = { gap: 2, wrap: "wrap", align: "center", outline: "none" };
  return h(Flex, { ...style, role: "group", "aria-label": label, ref: holder, tabIndex: -1 }, children);
}

/** @param {{ isOrdered?: boolean, items: Child[] }} props */
export function Bullets({ isOrdered = false, items }) {
  const style = { as: isOrdered ? "ol" : "ul", ps: 5, gap: 1.5, maxW: "70ch", overflowWrap: "anywhere" };
  return h(
    ListRoot,
    style,
    items.map((item, index) => h(ListItem, { key: index }, item)),
  );
}

/** @typedef {"info" | "success" | "warning" | "error"} NoticeKind */

/**
 * Something to notice. An error speaks up by itself; the rest is read in passing.
 *
 * @param {{ kind: NoticeKind, title: string, children?: Child }} props
 */
export function Notice({ kind, title, children }) {
  return h(
    AlertRoot,
    { status: kind, role: kind === "error" ? "alert" : "note", alignItems: "flex-start", "aria-label": title },
    h(AlertIndicator, null),
    h(
      AlertContent,
      { minW: 0, overflowWrap: "anywhere" },
      h(AlertTitle, null, title),
      children && h(AlertDescription, null, h(Stack, { gap: 2, align: "start" }, children)),
    ),
  );
}

/** @param {{ href: string, isNewTab?: boolean, children?: Child }} props A link to somewhere else in Airflow. */
export function OutLink({ href, isNewTab = false, children }) {
  const target = isNewTab && { target: "_blank", rel: "noopener noreferrer" };
  return h(Link, { href: safeHref(href), color: "fg.info", textDecoration: "underline", ...target }, children);
}

/** @param {{ place: Place, children?: Child }} props A link to another place of the page. */
export function InLink({ place, children }) {
  return h(Link, { asChild: true, color: "fg.info" }, h(RouterLink, { to: { search: queryOf(place) } }, children));
}

/** @param {{ places: (readonly [string, Place])[] }} props The way back. */
export function Trail({ places }) {
  return h(
    Flex,
    { as: "nav", "aria-label": "Back to", gap: 2, wrap: "wrap", textStyle: "sm" },
    places.map(([name, place], index) => [
      index > 0 && h(Text, { key: `/${name}`, as: "span", "aria-hidden": true }, "/"),
      h(InLink, { key: name, place }, name),
    ]),
  );
}

/** @param {{ label: string, header?: Child, footer?: Child, children?: Child }} props */
export function Panel({ label, header, footer, children }) {
  return h(
    CardRoot,
    { as: "section", size: "sm", "aria-label": label, minW: 0 },
    header && h(CardHeader, null, header),
    h(CardBody, { gap: 4 }, children),
    footer && h(CardFooter, null, footer),
  );
}

/** @param {{ facts: (readonly [string, Child] | false | null)[] }} props Names and values, as many beside each other as fit. */
export function Facts({ facts }) {
  return h(
    Box,
    { as: "dl", display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 13rem), 1fr))", gap: 4 },
    facts
      .filter((fact) => !!fact)
      .map(([name, value]) =>
        h(
          Box,
          { key: name, minW: 0 },
          h(Text, { as: "dt", color: "fg.muted", textStyle: "sm" }, name),
          h(Box, { as: "dd", m: 0, overflowWrap: "anywhere" }, value),
        ),
      ),
  );
}

/** @param {{ rows: { key: string | number, row: Child }[] }} props Things below each other, with a line between them. */
export function Lines({ rows }) {
  return h(
    Box,
    { as: "ul", listStyleType: "none" },
    rows.map(({ key, row }, index) =>
      h(Box, { as: "li", key, py: 2, borderTopWidth: index ? 1 : 0, overflowWrap: "anywhere" }, row),
    ),
  );
}

/** @param {{ palette: string, children?: Child }} props A word in the colour of its meaning. */
export function Mark({ palette, children }) {
  return h(Badge, { colorPalette: palette, variant: "surface", borderRadius: "full", px: 2, flexShrink: 0 }, children);
}

/** @param {{ children?: Child }} props */
export function Muted({ children }) {
  return h(
    Text,
    { as: "span", display: "block", color: "fg.muted", textStyle: "sm", overflowWrap: "anywhere" },
    children,
  );
}

/** @param {{ children?: Child }} props */
export function Strong({ children }) {
  return h(Text, { as: "strong", fontWeight: "medium" }, children);
}

/** @param {{ children?: Child }} props */
export function Waiting({ children }) {
  return h(HStack, { role: "status", py: 4 }, h(Spinner, { size: "sm" }), h(Text, null, children));
}

/** @param {{ label: string, done: number, total: number }} props */
export function Bar({ label, done, total }) {
  const value = total ? Math.round((100 * done) / total) : 0;
  return h(
    ProgressRoot,
    { value, size: "sm", colorPalette: "brand", "aria-label": label },
    h(ProgressTrack, { "aria-label": label }, h(ProgressRange, null)),
  );
}

/** @param {{ summary: Child, isOpen?: boolean, children?: Child }} props More, for who asks for it. */
export function More({ summary, isOpen = false, children }) {
  return h(
    Box,
    { as: "details", open: isOpen || undefined },
    h(Box, { as: "summary", cursor: "pointer", py: 1, fontWeight: "medium", overflowWrap: "anywhere" }, summary),
    h(Box, { pt: 2, ps: { base: 0, md: 4 } }, children),
  );
}

/** @param {{ step: number, names: readonly string[] }} props How far a person is, from 1. */
export function Steps({ step, names }) {
  const bar = (/** @type {number} */ index) => ({
    flex: 1,
    h: 1,
    borderRadius: "full",
    bg: index < step ? "brand.solid" : "fg.subtle",
    opacity: index < step ? 1 : 0.4,
  });
  return h(
    Box,
    { role: "group", "aria-label": "Progress of the set-up" },
    h(
      Flex,
      { gap: 1, mb: 1.5, "aria-hidden": true },
      names.map((name, index) => h(Box, { key: name, ...bar(index) })),
    ),
    h(Text, { textStyle: "sm", color: "fg.muted" }, `Step ${step} of ${names.length}: ${names[step - 1]}`),
  );
}

/**
 * @param {{ label: string, columns: string[], rows: { key: string, cells: Child[], note?: Child }[] }} props
 *   note: more about a row, below it.
 */
export function DataTable({ label, columns, rows }) {
  return h(
    TableRoot,
    { size: "sm", "aria-label": label, tableLayout: "fixed" },
    h(
      TableHeader,
      null,
      h(
        TableRow,
        null,
        columns.map((name, index) => h(TableColumnHeader, { key: name, w: index ? undefined : "45%" }, name)),
      ),
    ),
    h(
      TableBody,
      null,
      rows.map(({ key, cells, note }) => [
        h(
          TableRow,
          { key },
          cells.map((cell, index) => h(TableCell, { key: index, borderBottomWidth: note ? 0 : undefined }, cell)),
        ),
        note && h(TableRow, { key: `${key}+` }, h(TableCell, { colSpan: columns.length, pt: 0 }, note)),
      ]),
    ),
  );
}

/** @param {{ text: string }} props What was said last, for who cannot see the page change. */
export function Announcement({ text }) {
  return h(VisuallyHidden, { "aria-live": "polite", role: "log" }, text);
}
