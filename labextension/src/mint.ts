/* The mint panel in a tab, and saved panels in outputs: the same source as in the notebook. */

import { MainAreaWidget, SessionContext, type ISessionContext } from "@jupyterlab/apputils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime";
import type { Kernel, ServiceManager } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import {
  connect,
  mount,
  type Connection,
  type PanelState,
} from "../../src/hubdoi/jupyter/panel/static/panel.js";
import { doiIcon } from "./icons.ts";

export const MIME_TYPE = "application/vnd.hubdoi.panel+json";

let tabs = 0;

type Bundle = Record<string, unknown>;

/** A panel in an element, connected to a kernel that may change. */
class Mounted {
  private _view: ReturnType<typeof mount> | null = null;
  private _host: Connection | null = null;
  private _element: HTMLElement;
  private _minted: () => void;

  /** `minted` is called after each mint or correction, whether it succeeded or not. */
  constructor(element: HTMLElement, minted: () => void) {
    this._element = element;
    this._minted = minted;
    element.classList.add("hubdoi-host");
  }

  get isConnected(): boolean {
    return this._host?.live === true || this._host?.connecting === true;
  }

  /** The last state that was drawn, which may be newer than the saved one. */
  get state(): PanelState | undefined {
    return this._host?.state;
  }

  /** Draws `data` until it is known which kernel, if any, it belongs to. */
  wait(data: { state?: PanelState }): void {
    if (!this._host) {
      this._view ??= mount(this._element, { state: data.state ?? {}, connecting: true });
    }
  }

  show(
    kernel: Kernel.IKernelConnection | null,
    data: object,
    save?: (bundle: Bundle) => void,
  ): Connection {
    this._host?.dispose();
    const host = connect(kernel, data, save);
    this._host = host;
    let before = "";
    host.onState?.(({ phase = "" }) => {
      if (phase === "open" && ["minting", "watching", "amending"].includes(before)) {
        this._minted();
      }
      before = phase;
    });
    if (this._view) {
      this._view.update(host);
    } else {
      this._view = mount(this._element, host);
    }
    return host;
  }

  restarted(): void {
    this._host?.kernelChanged();
  }

  dispose(): void {
    this._host?.dispose();
    this._view?.destroy();
  }
}

/** The tab "Mint a DOI…" for a repository, in the kernel of a notebook, or in one of its own. */
export function mintTab(
  repo: string,
  endpoint: string,
  session: ISessionContext,
  minted: () => void,
): MainAreaWidget<Widget> {
  const content = new Widget();
  content.addClass("hubdoi-lab-mint");
  const tab = new MainAreaWidget({ content });
  tab.id = `hubdoi-mint-${++tabs}`;
  tab.title.label = repo ? `DOI: ${repo}` : "Mint a DOI";
  tab.title.icon = doiIcon;
  tab.title.closable = true;
  const panel = new Mounted(content.node, minted);
  const problem = document.createElement("p");
  problem.className = "hubdoi-lab-problem";
  problem.setAttribute("role", "alert");
  const start = async () => {
    problem.remove();
    // After a restart it goes on with what was written here.
    const state = panel.state ?? { repo, endpoint, busy: "Connecting to the kernel" };
    const host = panel.show(session.session?.kernel ?? null, { isNew: true, state });
    await host.ready?.catch((error: Error) => {
      if (error.message) {
        problem.textContent = error.message;
        content.node.append(problem);
      }
    });
  };
  const changed = () => void start();
  const statusChanged = (_: unknown, status: Kernel.Status) => {
    if (status === "restarting" || status === "autorestarting") {
      panel.restarted();
    }
  };
  session.kernelChanged.connect(changed);
  session.statusChanged.connect(statusChanged);
  tab.disposed.connect(() => {
    session.kernelChanged.disconnect(changed);
    session.statusChanged.disconnect(statusChanged);
    panel.dispose();
  });
  changed();
  return tab;
}

/** A kernel for a document that has none; it is shut down when the session is disposed. */
export async function ownSession(services: ServiceManager.IManager): Promise<SessionContext> {
  await services.kernelspecs.ready;
  const specs = services.kernelspecs.specs;
  const python = Object.values(specs?.kernelspecs ?? {}).find(
    (spec) => spec?.language === "python",
  );
  if (!python) {
    throw new Error("Minting needs a Python kernel, and this server offers none.");
  }
  const context = new SessionContext({
    kernelManager: services.kernels,
    sessionManager: services.sessions,
    specsManager: services.kernelspecs,
    path: `hubdoi-mint-${Date.now()}`,
    name: "Mint a DOI",
    type: "console",
    kernelPreference: { name: python.name, shutdownOnDispose: true },
  });
  await context.initialize();
  return context;
}

/** Shows a saved panel without a kernel, and goes on with one. */
export class PanelRenderer extends Widget implements IRenderMime.IRenderer {
  private _panel: Mounted;
  private _findNotebook: (node: HTMLElement) => NotebookPanel | null;
  private _notebook: NotebookPanel | null = null;
  private _data: { id?: string; state?: PanelState } = {};
  private _model: IRenderMime.IMimeModel | null = null;

  constructor(findNotebook: (node: HTMLElement) => NotebookPanel | null, minted: () => void) {
    super();
    this._panel = new Mounted(this.node, minted);
    this._findNotebook = findNotebook;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const before = this._data;
    this._model = model;
    this._data = (model.data[MIME_TYPE] as typeof before | undefined) ?? {};
    if (this._notebook && !(this._data.id === before.id && this._panel.isConnected)) {
      this._connect();
    } else if (this.isAttached && !this._notebook) {
      this._panel.show(null, this._data);
    } else {
      this._panel.wait(this._data);
    }
  }

  protected override onAfterAttach(): void {
    const notebook = this._findNotebook(this.node);
    if (notebook && notebook !== this._notebook) {
      this._notebook = notebook;
      notebook.sessionContext.kernelChanged.connect(this._kernelChanged, this);
      notebook.sessionContext.statusChanged.connect(this._statusChanged, this);
      this._connect();
    } else if (!notebook) {
      this._panel.show(null, this._data);
    }
  }

  override dispose(): void {
    this._notebook?.sessionContext.kernelChanged.disconnect(this._kernelChanged, this);
    this._notebook?.sessionContext.statusChanged.disconnect(this._statusChanged, this);
    this._panel.dispose();
    super.dispose();
  }

  private _connect(): void {
    const kernel = this._notebook?.sessionContext.session?.kernel ?? null;
    this._panel.show(kernel, this._data, (bundle) => this._save(bundle));
  }

  /** Also after a restart: what was written since the output was saved must not be lost. */
  private _kernelChanged(): void {
    this._data = { ...this._data, state: this._panel.state ?? this._data.state };
    this._connect();
  }

  /** Keeps the last state in the notebook, without the widget, which would not outlive the kernel. */
  private _save(bundle: Bundle): void {
    const kept = this._model?.data;
    const same = (name: string) => words(kept?.[name]) === words(bundle[name]);
    const names = new Set([...Object.keys(kept ?? {}), ...Object.keys(bundle)]);
    if (kept && ![...names].every(same)) {
      this._model?.setData({ data: bundle as IRenderMime.IMimeModel["data"] });
    }
  }

  private _statusChanged(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting") {
      this._panel.restarted();
    }
  }
}

/** What two states are compared by: not when they were read. */
function words(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (key === "checked" ? undefined : inner));
}
