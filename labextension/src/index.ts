import {
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
  ILayoutRestorer,
} from "@jupyterlab/application";
import { ICommandPalette, ToolbarButton } from "@jupyterlab/apputils";
import { EditorExtensionRegistry, IEditorExtensionRegistry } from "@jupyterlab/codemirror";
import { ICompletionProviderManager } from "@jupyterlab/completer";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { IEditorTracker } from "@jupyterlab/fileeditor";
import { IMainMenu } from "@jupyterlab/mainmenu";
import { INotebookTracker, type INotebookModel, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { DisposableDelegate, type IDisposable } from "@lumino/disposable";
import { Widget } from "@lumino/widgets";
import panelStyle from "../../src/hubdoi/jupyter/panel/static/panel.css";
import style from "../style/index.css";
import { Actions } from "./actions.ts";
import { Api } from "./api.ts";
import { addCommands, addToMenu, addToPalette } from "./commands.ts";
import { Diagnostics, hover, Repositories, RepositoryCompleter } from "./editor.ts";
import { doiIcon } from "./icons.ts";
import { listen } from "./liveNotebook.ts";
import { MIME_TYPE, PanelRenderer } from "./mint.ts";
import { Model } from "./model.ts";
import { findingCount, summaryOf } from "./rows.ts";
import { SidePanel } from "./sidePanel.ts";

const ID = "hubdoi:plugin";
/** Before the view of a widget (-10), which is an error once its kernel is gone. */
const PANEL_RANK = -20;

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "The models and datasets of a notebook, with their DOIs, beside it.",
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [
    IEditorTracker,
    ICommandPalette,
    IMainMenu,
    IStatusBar,
    ISettingRegistry,
    ILayoutRestorer,
    IDefaultFileBrowser,
    ICompletionProviderManager,
    IEditorExtensionRegistry,
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    editors: IEditorTracker | null,
    palette: ICommandPalette | null,
    mainMenu: IMainMenu | null,
    statusBar: IStatusBar | null,
    settingRegistry: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    completion: ICompletionProviderManager | null,
    extensions: IEditorExtensionRegistry | null,
  ) => {
    addStyle(`${panelStyle}\n${style}`);
    const api = new Api(app.serviceManager.serverSettings);
    const model = new Model(api);
    const settings = {
      citationStyle: "apa",
      insertAs: "link",
      hover: true,
      completions: true,
      diagnostics: false,
    };
    const diagnostics = new Diagnostics(() => settings.diagnostics);
    const actions = new Actions(model, app.serviceManager.contents, settings);

    const more = addCommands(
      app,
      model,
      actions,
      () => panel,
      () => {
        const chosen = browser?.selectedItems().next();
        return chosen && !chosen.done ? chosen.value.path : null;
      },
    );
    const run = (work: Promise<unknown>) =>
      void work.catch((error: unknown) => console.warn(error));
    const panel = new SidePanel(model, {
      jump: (row) => run(actions.jump(row.use)),
      jumpTo: (place) => run(actions.jump(place)),
      more,
      run: (command, row) =>
        run(
          app.commands.execute(
            command,
            row ? { repo: row.use.name, revision: row.use.revision ?? "" } : {},
          ),
        ),
    });
    app.shell.add(panel, "right", { rank: 150, type: "Models & data" });
    restorer?.add(panel, panel.id);

    // The active document: the one whose tab was chosen last, notebook or text.
    const follow = () => {
      const current = app.shell.currentWidget;
      const source =
        notebooks.find((one) => one === current) ??
        editors?.find((one) => one === current) ??
        (model.source?.isDisposed === false ? model.source : notebooks.currentWidget);
      model.follow(source ?? null);
    };
    notebooks.currentChanged.connect(follow);
    editors?.currentChanged.connect(follow);
    app.shell.currentChanged?.connect(follow);
    void app.restored.then(follow);

    if (settingRegistry) {
      void settingRegistry
        .load(ID)
        .then((loaded) => {
          const update = () => {
            Object.assign(settings, loaded.composite);
            diagnostics.refresh();
            const hub = loaded.composite["hub"] === "sandbox" ? "sandbox" : "configured";
            if (hub !== api.hub) {
              api.hub = hub;
              void model.refresh(true);
            }
          };
          loaded.changed.connect(update);
          update();
        })
        .catch((error: unknown) => console.warn(error));
    }

    if (palette) {
      addToPalette(palette);
    }
    if (mainMenu) {
      addToMenu(app, mainMenu);
    }
    app.docRegistry.addWidgetExtension("Notebook", new FindingsButton(app, model));
    if (statusBar) {
      statusBar.registerStatusItem("hubdoi:status", {
        item: statusItem(app, model),
        align: "right",
        rank: 30,
        isActive: () => summaryOf(model.report) !== "",
        activeStateChanged: model.changed as never,
      });
    }

    listen(notebooks);

    const repositories = new Repositories(api);
    completion?.registerProvider(new RepositoryCompleter(repositories, () => settings.completions));
    for (const [name, extension] of [
      ["hubdoi:hover", hover(repositories, () => settings.hover)],
      ["hubdoi:diagnostics", diagnostics.extension],
    ] as const) {
      extensions?.addExtension({
        name,
        factory: () => EditorExtensionRegistry.createImmutableExtension(extension),
      });
    }

    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        defaultRank: PANEL_RANK,
        createRenderer: () =>
          new PanelRenderer(
            (node) => notebooks.find((one) => one.node.contains(node)) ?? null,
            () => void model.refresh(true),
          ),
      },
      PANEL_RANK,
    );
  },
};

/** The toolbar button of a notebook, with the number of findings. */
class FindingsButton implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  private _app: JupyterFrontEnd;
  private _model: Model;

  constructor(app: JupyterFrontEnd, model: Model) {
    this._app = app;
    this._model = model;
  }

  createNew(panel: NotebookPanel): IDisposable {
    const button = new ToolbarButton({
      icon: doiIcon,
      tooltip: "Models & data: check citations",
      onClick: () => void this._app.commands.execute("hubdoi:check"),
    });
    button.addClass("hubdoi-lab-toolbar");
    const update = () => {
      if (this._model.source === panel) {
        const count = findingCount(this._model.report);
        button.node.dataset["count"] = count ? String(count) : "";
        button.node.setAttribute("aria-label", count === 1 ? "1 finding" : `${count} findings`);
      }
    };
    this._model.changed.connect(update);
    panel.toolbar.insertItem(10, "hubdoi", button);
    return new DisposableDelegate(() => {
      this._model.changed.disconnect(update);
      button.dispose();
    });
  }
}

function statusItem(app: JupyterFrontEnd, model: Model): Widget {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "hubdoi-lab-status jp-StatusBar-TextItem";
  node.title = "Models and datasets of this notebook";
  node.addEventListener("click", () => void app.commands.execute("hubdoi:show"));
  const item = new Widget({ node });
  model.changed.connect(() => {
    node.textContent = summaryOf(model.report);
  });
  return item;
}

function addStyle(text: string): void {
  const element = document.createElement("style");
  element.textContent = text;
  document.head.append(element);
}

export default plugin;
