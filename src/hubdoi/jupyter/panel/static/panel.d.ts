/* The contract of panel.js; Python's `panel/actions.py` says which actions and replies there are. */

/** What Python's `panel/view.py` writes. It may come from a notebook of a stranger. */
export interface PanelState {
  phase?: string;
  [name: string]: unknown;
}

/** What a panel needs of the page that it is in. */
export interface Host {
  state: PanelState;
  /** Whether a kernel answers now. */
  live?: boolean;
  /** Whether that is being found out; nothing is said of a lost kernel meanwhile. */
  connecting?: boolean;
  /** Sends one action to Python; absent where there is no kernel. */
  send?: (message: object) => void;
  /** Each calls `heard` from now on, and returns a function that stops it. */
  onState?: (heard: (state: PanelState) => void) => () => void;
  onReply?: (heard: (reply: object) => void) => () => void;
  onLive?: (heard: (live: boolean) => void) => () => void;
  /** Connects again; absent where a front end cannot, and then the panel says "Run this cell again". */
  reconnect?: (form?: object | null) => Promise<void>;
  /** Puts a text on the clipboard; absent, the browser's clipboard is used. */
  copy?: (text: { text: string; html: string | null }) => Promise<void>;
}

/** Shows a panel in `element`. */
export function mount(
  element: HTMLElement,
  host: Host,
): { update(host: Host): void; destroy(): void };

/** A host that is connected with a kernel. */
export interface Connection extends Host {
  /** Settled when it is known whether the kernel has the panel; rejected where a new one cannot open. */
  ready?: Promise<void>;
  /** The kernel was restarted. */
  kernelChanged(): void;
  /** The end; another kernel needs another host. */
  dispose(): void;
}

/**
 * A host from a JupyterLab kernel connection and the data of an output, or of a new panel. It opens a comm to the
 * target `hubdoi.panel`, and calls `save` with the data by media type whenever the saved output
 * should change. After a restart, `reconnect` imports hubdoi.jupyter.panel in the kernel and goes on
 * with the repository of the last state.
 */
export function connect(
  kernel: object | null,
  data: { id?: string; isNew?: boolean; state?: PanelState },
  save?: (bundle: Record<string, unknown>) => void,
): Connection;
