// Thin names over Airflow's own components (Chakra UI): what is pressed, typed and chosen.

/** @import {Child, Ref} from "./airflow.d.ts" */

const { createElement: h, useId, useRef } = globalThis.React;
const {
  Button,
  CheckboxCardContent,
  CheckboxCardControl,
  CheckboxCardDescription,
  CheckboxCardHiddenInput,
  CheckboxCardIndicator,
  CheckboxCardLabel,
  CheckboxCardRoot,
  ClipboardIndicator,
  ClipboardRoot,
  ClipboardTrigger,
  Code,
  DialogBackdrop,
  DialogBody,
  DialogContent,
  DialogFooter,
  DialogHeader,
  DialogPositioner,
  DialogRoot,
  DialogTitle,
  FieldErrorText,
  FieldHelperText,
  FieldLabel,
  FieldRoot,
  Flex,
  IconButton,
  Input,
  NativeSelectField,
  NativeSelectIndicator,
  NativeSelectRoot,
  Portal,
  RadioCardItem,
  RadioCardItemContent,
  RadioCardItemControl,
  RadioCardItemDescription,
  RadioCardItemHiddenInput,
  RadioCardItemIndicator,
  RadioCardItemText,
  RadioCardLabel,
  RadioCardRoot,
  Spinner,
  Text,
} = globalThis.ChakraUI;

/** The edge of a control: Airflow's own border is too faint to be seen on its dark background. */
const EDGE = "fg.subtle";

/**
 * @typedef {object} PressProps
 * @property {() => void} onPress
 * @property {string} [name] the accessible name where the text alone is not unique; it begins with the text.
 * @property {boolean} [isMain] the one to press next.
 * @property {boolean} [isDanger]
 * @property {boolean} [isBusy] pressed, and not answered yet: keeps the focus, and does nothing.
 * @property {Child} [children]
 */

/** @param {PressProps} props */
export function Press({ onPress, name, isMain = false, isDanger = false, isBusy = false, children }) {
  return h(
    Button,
    {
      size: "sm",
      variant: isMain ? "solid" : "outline",
      colorPalette: isDanger ? "danger" : "brand",
      ...(!isMain && { borderColor: EDGE }),
      "aria-label": name,
      "aria-disabled": isBusy || undefined,
      "aria-busy": isBusy || undefined,
      onClick: () => isBusy || onPress(),
    },
    isBusy && h(Spinner, { size: "xs" }),
    children,
  );
}

/**
 * @typedef {object} InputProps
 * @property {string} label
 * @property {string} value
 * @property {(value: string) => void} onChange
 * @property {string} [help]
 * @property {string | null} [error]
 * @property {boolean} [isSearch]
 * @property {boolean} [isDay] a date, as YYYY-MM-DD.
 * @property {boolean} [isNext] what a person does next: it takes the focus.
 */

/** @param {InputProps} props */
export function TextInput({ label, value, onChange, help, error, isSearch = false, isDay = false, isNext = false }) {
  return h(
    FieldRoot,
    { invalid: !!error, maxW: "lg" },
    h(FieldLabel, null, label),
    h(Input, {
      value,
      type: isSearch ? "search" : isDay ? "date" : "text",
      autoComplete: "off",
      autoFocus: isNext,
      ...(isDay && { maxW: "12rem" }),
      ...(!error && { borderColor: EDGE }),
      onChange: (/** @type {{ target: HTMLInputElement }} */ event) => onChange(event.target.value),
    }),
    help && h(FieldHelperText, null, help),
    error && h(FieldErrorText, { color: "error.fg" }, error),
  );
}

/** @typedef {{ value: string, label: string, text?: string }} Option */

/** @param {{ label: string, value: string, options: Option[], onChange: (value: string) => void, help?: string }} props One of many. */
export function OneOfMany({ label, value, options, onChange, help }) {
  return h(
    FieldRoot,
    { maxW: "lg" },
    h(FieldLabel, null, label),
    h(
      NativeSelectRoot,
      null,
      h(
        NativeSelectField,
        {
          value,
          borderColor: EDGE,
          onChange: (/** @type {{ target: HTMLSelectElement }} */ event) => onChange(event.target.value),
        },
        options.map((option) => h("option", { key: option.value, value: option.value }, option.label)),
      ),
      h(NativeSelectIndicator, null),
    ),
    help && h(FieldHelperText, null, help),
  );
}

/** @param {{ label: string, value: string, options: Option[], onChange: (value: string) => void }} props */
export function OneOf({ label, value, options, onChange }) {
  const root = {
    value,
    colorPalette: "brand",
    onValueChange: (/** @type {{ value: string }} */ to) => onChange(to.value),
  };
  return h(
    RadioCardRoot,
    { ...root, gap: 2 },
    h(RadioCardLabel, null, label),
    h(
      Flex,
      { gap: 2, wrap: "wrap" },
      options.map((option) => h(Choice, { key: option.value, ...option, isChosen: option.value === value })),
    ),
  );
}

/** @param {Option & { isChosen: boolean }} props */
function Choice({ value, label, text, isChosen }) {
  const id = useId();
  return h(
    RadioCardItem,
    { value, flex: "1 1 14rem" },
    h(RadioCardItemHiddenInput, { "aria-describedby": text && id }),
    h(
      RadioCardItemControl,
      null,
      h(
        RadioCardItemContent,
        null,
        h(RadioCardItemText, null, label),
        text && h(RadioCardItemDescription, { id }, text),
      ),
      h(RadioCardItemIndicator, isChosen ? null : { borderColor: EDGE }),
    ),
  );
}

/**
 * @typedef {object} TickProps
 * @property {string} label
 * @property {string} text
 * @property {string | null} [warning]
 * @property {boolean} isChecked
 * @property {(isChecked: boolean) => void} onChange
 */

/** @param {TickProps} props */
export function Tick({ label, text, warning, isChecked, onChange }) {
  const id = useId();
  return h(
    CheckboxCardRoot,
    {
      checked: isChecked,
      colorPalette: "brand",
      onCheckedChange: (/** @type {{ checked: boolean | "indeterminate" }} */ to) => onChange(to.checked === true),
    },
    h(CheckboxCardHiddenInput, { "aria-describedby": id }),
    h(
      CheckboxCardControl,
      null,
      h(
        CheckboxCardContent,
        { minW: 0, overflowWrap: "anywhere" },
        h(CheckboxCardLabel, null, label),
        h(
          CheckboxCardDescription,
          { id },
          text,
          warning && h(Text, { as: "span", display: "block", color: "fg.warning" }, warning),
        ),
      ),
      h(CheckboxCardIndicator, isChecked ? null : { borderColor: EDGE }),
    ),
  );
}

/** @param {{ name: string, text: string }} props Something to copy exactly as it stands. */
export function CopyText({ name, text }) {
  return h(
    ClipboardRoot,
    { value: text, display: "flex", gap: 2, alignItems: "center", maxW: "full" },
    h(Code, { overflowWrap: "anywhere", whiteSpace: "normal", p: 2, minW: 0 }, text),
    h(
      ClipboardTrigger,
      { asChild: true },
      h(IconButton, { variant: "outline", size: "sm", "aria-label": `Copy ${name}` }, h(ClipboardIndicator, null)),
    ),
  );
}

/**
 * @typedef {object} QuestionProps
 * @property {boolean} isOpen
 * @property {string} title
 * @property {string} yes
 * @property {boolean} [isDanger] of saying yes.
 * @property {boolean} isBusy
 * @property {Ref<HTMLElement | null>} returnTo where the focus goes afterwards.
 * @property {() => void} onYes
 * @property {() => void} onNo
 * @property {Child} [children]
 */

/** @param {QuestionProps} props A question that must be answered before anything else. Escape means no. */
export function Question({ isOpen, title, yes, isDanger = true, isBusy, returnTo, onYes, onNo, children }) {
  const content = /** @type {Ref<HTMLElement | null>} */ (useRef(null));
  const root = {
    open: isOpen,
    role: "alertdialog",
    placement: "center",
    size: "md",
    lazyMount: true,
    unmountOnExit: true,
    initialFocusEl: () => content.current,
    finalFocusEl: () => returnTo.current,
    onOpenChange: (/** @type {{ open: boolean }} */ to) => to.open || isBusy || onNo(),
  };
  return h(
    DialogRoot,
    root,
    h(
      Portal,
      null,
      h(DialogBackdrop, null),
      h(
        DialogPositioner,
        null,
        h(
          DialogContent,
          { ref: content, mx: 4 },
          h(DialogHeader, null, h(DialogTitle, { overflowWrap: "anywhere" }, title)),
          h(DialogBody, null, children),
          h(
            DialogFooter,
            null,
            h(Press, { onPress: onNo, isBusy: false }, "Cancel"),
            h(Press, { onPress: onYes, isBusy, isMain: true, isDanger }, yes),
          ),
        ),
      ),
    ),
  );
}
