// The globals of Airflow's UI, as far as the page uses them. A test compares the names with the UI's bundle.

export type Child = VNode | string | number | false | null | undefined | Child[];

export interface VNode {
  readonly type: unknown;
  readonly props: Readonly<Record<string, unknown>>;
}

export type Component<P> = (props: P) => Child;

/** A component of Chakra UI: style properties, ARIA attributes and handlers, checked by Chakra's own tests. */
export type Primitive = { readonly chakra: unique symbol };

export type Properties = Record<string, unknown>;

export interface Ref<T> {
  current: T;
}

/** The properties of a component, without its children; null where it needs none. */
type Given<P> = (Omit<P, "children"> & { key?: string | number }) | ({} extends Omit<P, "children"> ? null : never);

interface React {
  createElement(type: Primitive | string, properties?: Properties | null, ...children: Child[]): VNode;
  createElement<P extends object>(type: Component<P>, properties: Given<P>, ...children: Child[]): VNode;
  useCallback<F>(callback: F, dependencies: readonly unknown[]): F;
  useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void;
  useId(): string;
  useRef<T>(value: T): Ref<T>;
  useState<T>(initial: T | (() => T)): [T, (next: T | ((previous: T) => T)) => void];
}

interface ReactRouterDOM {
  Link: Primitive;
  useSearchParams(): [URLSearchParams, (next: URLSearchParams, options?: { replace?: boolean }) => void];
}

declare global {
  var React: React;
  var ReactRouterDOM: ReactRouterDOM;
  var ChakraUI: Readonly<Record<string, Primitive>>;
  var AirflowPlugin: unknown;
}
