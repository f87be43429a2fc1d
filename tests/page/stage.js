// A stand-in for Airflow's UI: just enough of React to play the page's views without a browser, and to press their
// buttons. What Chakra UI's components look like is the business of the tests in a real browser.

let current;
let effects = [];
let redraw = () => {};

const isSame = (a, b) => a?.length === b.length && a.every((each, i) => each === b[i]);
const cell = (make) => {
  const index = current.cursor++;
  if (!(index in current.cells)) current.cells[index] = make();
  return current.cells[index];
};

const React = {
  createElement: (type, props, ...children) => ({
    type,
    props: { ...props, ...(children.length && { children }) },
  }),
  useState(initial) {
    const own = cell(() => ({ value: typeof initial === "function" ? initial() : initial }));
    own.set ??= (next) => {
      own.value = typeof next === "function" ? next(own.value) : next;
      redraw();
    };
    return [own.value, own.set];
  },
  useEffect(effect, dependencies) {
    const own = cell(() => ({}));
    if (dependencies && isSame(own.dependencies, dependencies)) return;
    own.dependencies = dependencies;
    effects.push(() => {
      own.cleanUp?.();
      own.cleanUp = effect();
    });
  },
  useCallback(callback, dependencies) {
    const own = cell(() => ({}));
    if (!isSame(own.dependencies, dependencies)) Object.assign(own, { callback, dependencies });
    return own.callback;
  },
  useRef: (value) => cell(() => ({ current: value })),
  useId: () => cell(() => ({ id: `id${Math.random()}` })).id,
};

const location = {
  assigned: [],
  href: "https://airflow.example/finance/plugin/accounting-setup",
};

Object.assign(globalThis, {
  React,
  ChakraUI: new Proxy({}, { get: (_, name) => name }),
  ReactRouterDOM: {
    Link: "RouterLink",
    useSearchParams: () => [
      new URLSearchParams(stage.query),
      (next) => {
        stage.query = next.toString();
        redraw();
      },
    ],
  },
  document: {
    baseURI: "https://airflow.example/finance/",
    hidden: false,
    activeElement: null,
    querySelector: () => null,
    addEventListener() {},
    removeEventListener() {},
  },
  localStorage: { getItem: () => '"Europe/Amsterdam"' },
  location: Object.assign(location, { assign: (url) => location.assigned.push(url) }),
  scrollTo() {},
});

/** What the page sees of its surroundings. */
export const stage = { query: "", assigned: location.assigned };

const plays = new Set();

/** Leave every page that is still open, so that none goes on asking the server. */
export function closeAll() {
  for (const play of plays) play.close();
}

/** One view, or the whole page, as it stands. */
export class Play {
  constructor(element) {
    this.memories = new Map();
    this.element = element;
    this.shown = [];
    this.isDirty = true;
    plays.add(this);
    this.draw();
  }

  close() {
    for (const memory of this.memories.values()) for (const own of memory.cells) own.cleanUp?.();
    plays.delete(this);
  }

  draw() {
    for (let round = 0; this.isDirty; round += 1) {
      if (round > 50) throw new Error("it never comes to rest");
      this.isDirty = false;
      redraw = () => (this.isDirty = true);
      effects = [];
      const seen = new Set();
      this.shown = this.render(this.element, "", seen);
      for (const [path, memory] of this.memories) {
        if (seen.has(path)) continue;
        for (const own of memory.cells) own.cleanUp?.();
        this.memories.delete(path);
      }
      for (const effect of effects) effect();
    }
  }

  /** Return what a child shows: texts, and Chakra's components with what they hold. `path` is where its state lives. */
  render(child, path, seen) {
    if (child === null || child === undefined || typeof child === "boolean") return [];
    if (typeof child === "string" || typeof child === "number") return [String(child)];
    if (Array.isArray(child))
      return child.flatMap((each, i) => this.render(each, `${path}/${each?.props?.key ?? i}`, seen));
    const { type, props } = child;
    if (typeof type === "function") {
      const own = `${path}<${type.name}:${props.key ?? ""}`;
      seen.add(own);
      const memory = this.memories.get(own) ?? { cells: [], cursor: 0 };
      this.memories.set(own, memory);
      [current, memory.cursor] = [memory, 0];
      return this.render(type(props), own, seen);
    }
    if (type === "DialogRoot" && !props.open) return [];
    return [{ type: String(type), props, children: this.render(props.children, `${path}<${String(type)}`, seen) }];
  }

  /** Let everything that was promised come true, and draw it. */
  async settle() {
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise(setImmediate);
      this.draw();
    }
  }

  /** Return every component of these types, from top to bottom. */
  all(...types) {
    const found = [];
    const look = (each) => {
      if (typeof each === "string") return;
      if (types.includes(each.type)) found.push(each);
      each.children.forEach(look);
    };
    this.shown.forEach(look);
    return found;
  }

  get text() {
    return this.shown.map(textOf).join(" ").replace(/\s+/g, " ");
  }

  /** The accessible names of what can be pressed. */
  get buttons() {
    return this.all("Button").map(nameOf);
  }

  get heading() {
    return this.all("Heading")
      .filter(({ props }) => props.as === "h1")
      .map(textOf)
      .join();
  }

  async press(name) {
    const button = this.all("Button").find((each) => nameOf(each) === name);
    if (!button) throw new Error(`no button ${name}, only ${this.buttons.join(", ")}`);
    button.props.onClick();
    await this.settle();
  }

  async choose(value) {
    const root = this.all("RadioCardRoot").find((each) => JSON.stringify(each.children).includes(`"value":"${value}"`));
    root?.props.onValueChange({ value });
    await this.settle();
  }

  async tick(label, checked = true) {
    const box = this.all("CheckboxCardRoot").find((each) => textOf(each).trim().startsWith(label));
    if (!box) throw new Error(`no box ${label}`);
    box.props.onCheckedChange({ checked });
    await this.settle();
  }

  async type(value) {
    this.all("Input")[0]?.props.onChange({ target: { value } });
    await this.settle();
  }
}

export function textOf(shown) {
  return typeof shown === "string" ? shown : shown.children.map(textOf).join(" ");
}

/** Return the accessible name of a control. */
export function nameOf(shown) {
  return shown.props["aria-label"] ?? textOf(shown).trim();
}

/**
 * Answer the page's requests, and return the list in which they are remembered.
 *
 * @param {(request: { method: string, path: string, body: any }) => unknown} answer a Response, or what its JSON is.
 */
export function serve(answer) {
  const requests = [];
  globalThis.fetch = async (url, options) => {
    const request = {
      method: options.method,
      path: String(url).replace("https://airflow.example/finance/exactsync/api/", ""),
      body: options.body && JSON.parse(options.body),
    };
    requests.push(request);
    const answered = answer(request);
    return answered instanceof Response ? answered : Response.json(answered);
  };
  return requests;
}
