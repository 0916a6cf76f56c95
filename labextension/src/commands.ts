/* The commands, by which the side panel, the palette, the menus and the toolbar act. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { InputDialog, Notification, type ICommandPalette } from "@jupyterlab/apputils";
import type { IMainMenu } from "@jupyterlab/mainmenu";
import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { LabIcon } from "@jupyterlab/ui-components";
import { linkIcon, refreshIcon } from "@jupyterlab/ui-components";
import { Menu } from "@lumino/widgets";
import { said, type Actions } from "./actions.ts";
import { isNotebook } from "./documentReader.ts";
import { checkIcon, citeIcon, doiIcon, pinIcon } from "./icons.ts";
import { mintTab, ownSession } from "./mint.ts";
import type { Model } from "./model.ts";
import type { Row } from "./rows.ts";
import type { SidePanel } from "./sidePanel.ts";
import type { Use } from "./types.ts";

const CATEGORY = "DOI";

interface Described {
  label: string;
  caption: string;
  icon: LabIcon;
  run(uses: Use[]): unknown;
  /** For one row; the others are for the whole document. */
  row?: boolean;
  visible?(use: Use): boolean;
}

/** The notebook, where its kernel can run the panel: one of Python. */
function withPython({ source }: Model): NotebookPanel | null {
  const notebook = source && isNotebook(source) ? source : null;
  const kernel = notebook?.sessionContext.session?.kernel;
  const specs = notebook?.sessionContext.specsManager.specs?.kernelspecs;
  return kernel && specs?.[kernel.name]?.language === "python" ? notebook : null;
}

export function addCommands(
  app: JupyterFrontEnd,
  model: Model,
  actions: Actions,
  panel: () => SidePanel,
  browser: () => string | null,
): (row: Row, button: HTMLElement) => void {
  const open = (url: string | null) => {
    if (!url || !/^https?:\/\//i.test(url)) {
      return;
    }
    const page = window.open(url, "_blank");
    if (page) {
      page.opener = null;
    } else {
      // A browser takes a page that opens long after the click for one that nobody wants.
      Notification.emit(`${url} is ready.`, "info", {
        autoClose: false,
        actions: [{ label: "Open", callback: () => open(url) }],
      });
    }
  };
  const show = () => app.shell.activateById(panel().id);
  const all = () => model.report?.uses ?? [];
  const first = (uses: Use[]) => uses[0] as Use;
  const described: Record<string, Described> = {
    "hubdoi:show": {
      label: "Show the Models and Datasets of This Notebook",
      caption: "Open the side panel “Models & data”",
      icon: doiIcon,
      run: show,
    },
    "hubdoi:bibliography": {
      label: "Cite What This Notebook Uses",
      caption: "Insert or refresh the bibliography cell, with the DOI of every model and dataset",
      icon: citeIcon,
      run: () => actions.bibliography(),
    },
    "hubdoi:check": {
      label: "Check Citations",
      caption: "Check that every model and dataset is pinned and cited by the right DOI",
      icon: checkIcon,
      run: async () => {
        show();
        await model.refresh(true);
        const found = model.report?.findings.filter((one) => one.kind === "finding").length ?? 0;
        panel().filter = found ? "attention" : "all";
        const words = found === 1 ? "1 finding." : `${found} findings.`;
        said(
          model.problem || (found ? words : "Everything is pinned and cited."),
          found ? "warning" : "info",
        );
      },
    },
    "hubdoi:pin-all": {
      label: "Pin Every Model and Dataset",
      caption: "Write a revision into every call that names none; one step to undo",
      icon: pinIcon,
      run: () => actions.pin(null),
    },
    "hubdoi:refresh": {
      label: "Ask the Hub Again",
      caption: "Read the document and ask for its DOIs again",
      icon: refreshIcon,
      run: () => model.refresh(true),
    },
    "hubdoi:open-sandbox": {
      label: "Open the DOI Sandbox",
      caption: "A whole Hub on this machine, to try everything without consequences",
      icon: linkIcon,
      run: async () => {
        said("The sandbox is starting …");
        const { url } = await model.api.post<{ url: string }>("sandbox", {});
        open(url);
      },
    },
    "hubdoi:mint": {
      label: "Mint a DOI…",
      caption: "Generate a DOI, or a new one for the latest commit",
      icon: doiIcon,
      run: (uses) => mint(uses[0]),
    },
    "hubdoi:mint-in-cell": {
      label: "Mint in a New Cell…",
      caption: "Open the panel in a new cell below",
      icon: doiIcon,
      row: true,
      visible: () => withPython(model) !== null,
      run: (uses) => mintInCell(first(uses)),
    },
    "hubdoi:copy-bibtex": {
      label: "Copy Citation as BibTeX",
      caption: "Copy the BibTeX entry",
      icon: citeIcon,
      row: true,
      run: (uses) => actions.copy(uses, "bibtex"),
    },
    "hubdoi:copy-text": {
      label: "Copy Citation as Text",
      caption: "Copy the citation as text, in the style of the settings",
      icon: citeIcon,
      row: true,
      run: (uses) => actions.copy(uses, "text"),
    },
    "hubdoi:insert-citation": {
      label: "Insert Citation at the Cursor",
      caption: "Insert it into the Markdown cell, as the settings say",
      icon: citeIcon,
      row: true,
      run: (uses) => actions.insert(uses),
    },
    "hubdoi:add-to-bib": {
      label: "Add to a .bib File…",
      caption: "Add the entry to the .bib file selected in the file browser, or to another",
      icon: citeIcon,
      row: true,
      run: (uses) => addToBib(uses),
    },
    "hubdoi:pin": {
      label: "Pin in the Code",
      caption: "Write the revision into the call; one step to undo",
      icon: pinIcon,
      row: true,
      visible: (use) => use.fix !== null,
      run: (uses) => actions.pin(first(uses)),
    },
    "hubdoi:open-repository": {
      label: "Open the Repository",
      caption: "Open its page on the Hub",
      icon: linkIcon,
      row: true,
      run: (uses) => open(first(uses).url),
    },
    "hubdoi:open-doi": {
      label: "Open the DOI",
      caption: "Open what the DOI leads to",
      icon: linkIcon,
      row: true,
      visible: (use) => use.doi_url !== null,
      run: (uses) => open(first(uses).doi_url),
    },
    "hubdoi:ask-owner": {
      label: "Ask the Owner for a DOI…",
      caption: "Open a discussion with a polite request, ready to be sent",
      icon: linkIcon,
      row: true,
      visible: (use) => use.request_url !== null,
      run: (uses) => open(first(uses).request_url),
    },
  };

  async function addToBib(uses: Use[]): Promise<void> {
    const selected = browser();
    if (selected?.endsWith(".bib")) {
      return actions.addToBib(uses, selected);
    }
    const items = await actions.bibs();
    const chosen = await InputDialog.getItem({
      title: "Add to a .bib file",
      label: "File; a new name creates the file",
      items,
      editable: true,
    });
    if (chosen.button.accept && chosen.value) {
      await actions.addToBib(uses, chosen.value);
    }
  }

  async function mint(use: Use | undefined): Promise<void> {
    const source = model.source;
    const notebook = source && isNotebook(source) ? source : null;
    const shared = withPython(model)?.sessionContext ?? null;
    const session = shared ?? (await ownSession(app.serviceManager));
    const tab = mintTab(use?.name ?? "", model.report?.endpoint ?? "", session, () => {
      void model.refresh(true);
    });
    if (!shared) {
      tab.disposed.connect(() => session.dispose());
    }
    app.shell.add(tab, "main", notebook ? { mode: "split-right", ref: notebook.id } : {});
    if (!tab.isAttached) {
      // Notebook 7 has room for one document; what else is open is below it, as high as it asks.
      tab.node.style.minHeight = "360px";
      app.shell.add(tab, "down");
    }
    app.shell.activateById(tab.id);
  }

  async function mintInCell(use: Use): Promise<void> {
    const source = withPython(model);
    if (!source) {
      return;
    }
    NotebookActions.insertBelow(source.content);
    const name = JSON.stringify(use.name);
    source.content.activeCell?.model.sharedModel.setSource(
      model.report?.kind === "sandbox"
        ? `%load_ext hubdoi\n%doi use sandbox\n%doi panel ${use.name}`
        : `import hubdoi\nhubdoi.panel(${name})`,
    );
    await NotebookActions.run(source.content, source.sessionContext);
  }

  const usesOf = (args: { repo?: unknown; revision?: unknown }): Use[] =>
    args.repo === undefined
      ? []
      : all().filter(
          (use) => use.name === args.repo && (use.revision ?? "") === (args.revision ?? ""),
        );

  for (const [id, one] of Object.entries(described)) {
    app.commands.addCommand(id, {
      label: one.label,
      caption: one.caption,
      icon: one.icon,
      describedBy: {
        args: {
          type: "object",
          properties: { repo: { type: "string" }, revision: { type: "string" } },
        },
      },
      isEnabled: (args) => !one.row || usesOf(args).length > 0,
      isVisible: (args) => {
        const use = usesOf(args)[0];
        return !one.row || (use !== undefined && (one.visible?.(use) ?? true));
      },
      execute: async (args) => {
        try {
          await one.run(usesOf(args));
        } catch (error) {
          said(error instanceof Error ? error.message : String(error), "error");
        }
      },
    });
  }

  return (row, button) => {
    const args = { repo: row.use.name, revision: row.use.revision ?? "" };
    const menu = new Menu({ commands: app.commands });
    const groups = [
      ["hubdoi:copy-bibtex", "hubdoi:copy-text", "hubdoi:insert-citation", "hubdoi:add-to-bib"],
      ["hubdoi:pin"],
      ["hubdoi:mint", "hubdoi:mint-in-cell", "hubdoi:ask-owner"],
      ["hubdoi:open-repository", "hubdoi:open-doi"],
    ];
    groups.forEach((commands, number) => {
      if (number) {
        menu.addItem({ type: "separator" });
      }
      commands.forEach((command) => menu.addItem({ command, args }));
    });
    const { left, bottom } = button.getBoundingClientRect();
    menu.open(left, bottom);
  };
}

const GENERAL = [
  "hubdoi:show",
  "hubdoi:bibliography",
  "hubdoi:check",
  "hubdoi:pin-all",
  "hubdoi:refresh",
  "hubdoi:mint",
  "hubdoi:open-sandbox",
];

export function addToPalette(palette: ICommandPalette): void {
  GENERAL.forEach((command) => palette.addItem({ command, category: CATEGORY }));
}

/** A menu of its own: what acts on the citations of a document is in no other menu. */
export function addToMenu(app: JupyterFrontEnd, mainMenu: IMainMenu): void {
  const menu = new Menu({ commands: app.commands });
  menu.title.label = "DOI";
  GENERAL.forEach((command) => menu.addItem({ command }));
  mainMenu.addMenu(menu, true, { rank: 95 });
}
