/* The mint panel in a tab, and saved panels in outputs: the same source as in the notebook. */

import { MainAreaWidget } from "@jupyterlab/apputils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime";
import type { Kernel } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import { connect, mount } from "../../src/hubdoi/jupyter/panel/static/panel.js";
import { doiIcon } from "./icons.ts";

export const MIME_TYPE = "application/vnd.hubdoi.panel+json";

let tabs = 0;

interface Host {
  state: object;
  reconnect?: () => Promise<void>;
  kernelChanged(): void;
  dispose(): void;
  ready?: Promise<void>;
}

/** A panel in an element, connected to a kernel that may change. */
class Mounted {
  private _view: { update(host: object): void; destroy(): void } | null = null;
  private _host: Host | null = null;
  private _element: HTMLElement;

  constructor(element: HTMLElement) {
    this._element = element;
    element.classList.add("hubdoi-host");
  }

  show(kernel: Kernel.IKernelConnection | null, data: object): Host {
    this._host?.dispose();
    const host = connect(kernel, data) as unknown as Host;
    this._host = host;
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

/** The tab "Mint a DOI…" for a repository, in the kernel of a notebook. */
export function mintTab(
  repo: string,
  endpoint: string,
  notebook: NotebookPanel,
): MainAreaWidget<Widget> {
  const content = new Widget();
  content.addClass("hubdoi-lab-mint");
  const tab = new MainAreaWidget({ content });
  tab.id = `hubdoi-mint-${++tabs}`;
  tab.title.label = repo ? `DOI: ${repo}` : "Mint a DOI";
  tab.title.icon = doiIcon;
  tab.title.closable = true;
  const panel = new Mounted(content.node);
  const start = async () => {
    const host = panel.show(notebook.sessionContext.session?.kernel ?? null, {
      state: { repo, endpoint },
    });
    await host.ready;
    await host.reconnect?.().catch((error: Error) => {
      content.node.append(document.createTextNode(error.message));
    });
  };
  void start();
  notebook.sessionContext.kernelChanged.connect(() => void start());
  notebook.sessionContext.statusChanged.connect((_, status) => {
    if (status === "restarting" || status === "autorestarting") {
      panel.restarted();
    }
  });
  tab.disposed.connect(() => panel.dispose());
  return tab;
}

/** Shows a saved panel without a kernel, and goes on with one. */
export class PanelRenderer extends Widget implements IRenderMime.IRenderer {
  private _panel: Mounted;
  private _findNotebook: (node: HTMLElement) => NotebookPanel | null;
  private _notebook: NotebookPanel | null = null;
  private _data: object = {};

  constructor(findNotebook: (node: HTMLElement) => NotebookPanel | null) {
    super();
    this._panel = new Mounted(this.node);
    this._findNotebook = findNotebook;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._data = (model.data[MIME_TYPE] as object | undefined) ?? {};
    this._connect();
  }

  protected override onAfterAttach(): void {
    const notebook = this._findNotebook(this.node);
    if (notebook && notebook !== this._notebook) {
      this._notebook = notebook;
      notebook.sessionContext.kernelChanged.connect(this._connect, this);
      notebook.sessionContext.statusChanged.connect(this._statusChanged, this);
      this._connect();
    }
  }

  override dispose(): void {
    this._notebook?.sessionContext.kernelChanged.disconnect(this._connect, this);
    this._notebook?.sessionContext.statusChanged.disconnect(this._statusChanged, this);
    this._panel.dispose();
    super.dispose();
  }

  private _connect(): void {
    this._panel.show(this._notebook?.sessionContext.session?.kernel ?? null, this._data);
  }

  private _statusChanged(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting") {
      this._panel.restarted();
    }
  }
}
