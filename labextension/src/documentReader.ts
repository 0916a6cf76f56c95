/* The active document as it is now. A cell that was not edited is neither read nor sent again, and
   not even named while no cell came, went or moved. */

import type { ICellModel } from "@jupyterlab/cells";
import type { IDocumentWidget } from "@jupyterlab/docregistry";
import type { FileEditor } from "@jupyterlab/fileeditor";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { Signal, type ISignal } from "@lumino/signaling";

export type Source = NotebookPanel | IDocumentWidget<FileEditor>;

export interface SentDocument {
  id: string;
  path: string;
  language: string;
  cells: SentCell[];
  /** Whether `cells` are only those that have changed; the others are where they were. */
  rest: boolean;
}

export interface SentCell {
  id: string;
  type?: string;
  source?: string;
  cited?: string;
}

const KINDS = /\.(ipynb|py|md|myst|qmd)$/i;
const DOI = /10\.\d{4,9}(?:\.\d+)*\/[^\s"'<>{}\\]+/g;
const SLICE = 8;
let readers = 0;

export function isNotebook(source: Source): source is NotebookPanel {
  return "sessionContext" in source;
}

export function isReadable(source: Source): boolean {
  return KINDS.test(source.context.path);
}

export class DocumentReader {
  readonly source: Source;
  readonly id = `d${++readers}-${Math.random().toString(36).slice(2, 10)}`;
  private _changed = new Signal<this, void>(this);
  private _watched = new Set<ICellModel>();
  private _known = new WeakSet<ICellModel>();
  /** Whether the server has every cell, in the order of now. */
  private _ordered = false;
  private _disposed = false;

  constructor(source: Source) {
    this.source = source;
    source.disposed.connect(this.dispose, this);
    if (isNotebook(source)) {
      void source.context.ready.then(() => {
        source.model?.cells.changed.connect(this._cellsChanged, this);
        this._cellsChanged();
      });
    } else {
      source.context.model.contentChanged.connect(this._emit, this);
    }
    source.context.pathChanged.connect(this._emit, this);
  }

  /** Emitted at every edit, also of one that does not matter. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  /** The server has lost what it had: the next reading is whole. */
  forget(): void {
    this._ordered = false;
    this._known = new WeakSet();
  }

  /** What a request says of the document; large ones are read in slices, between keystrokes. */
  async read(): Promise<SentDocument> {
    const path = this.source.context.path;
    if (!isNotebook(this.source)) {
      const source = this.source.context.model.sharedModel as { getSource?: () => string };
      const cells = [{ id: "text", type: "code", source: source.getSource?.() ?? "" }];
      return { id: this.id, path, language: "", cells, rest: false };
    }
    await this.source.context.ready;
    const model = this.source.model;
    const kernel = model?.getMetadata("kernelspec") as { language?: string } | undefined;
    const info = model?.getMetadata("language_info") as { name?: string } | undefined;
    const cells: SentCell[] = [];
    const rest = this._ordered;
    this._ordered = true;
    let since = performance.now();
    for (const cell of Array.from(model?.cells ?? [])) {
      if (this._known.has(cell)) {
        if (!rest) {
          cells.push({ id: cell.id });
        }
        continue;
      }
      this._known.add(cell);
      // Not when it came: to listen to thousands at once would hold up the page that draws them.
      this._watch(cell);
      cells.push({
        id: cell.id,
        type: cell.type,
        source: cell.sharedModel.getSource(),
        cited: citedIn(cell),
      });
      if (performance.now() - since > SLICE) {
        await new Promise((resolve) => setTimeout(resolve));
        since = performance.now();
      }
    }
    return { id: this.id, path, language: kernel?.language ?? info?.name ?? "", cells, rest };
  }

  private _cellsChanged(): void {
    this._ordered = false;
    this._emit();
  }

  private _watch(cell: ICellModel): void {
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      cell.contentChanged.connect(this._cellChanged, this);
      const outputs = (cell as { outputs?: { changed: ISignal<unknown, unknown> } }).outputs;
      outputs?.changed.connect(() => this._cellChanged(cell), this);
    }
  }

  private _cellChanged(cell: ICellModel): void {
    this._known.delete(cell);
    this._emit();
  }

  private _emit(): void {
    this._changed.emit();
  }
}

/** The DOIs in a cell's outputs: a citation that readers see there counts. */
function citedIn(cell: ICellModel): string {
  const { outputs } = cell as { outputs?: { length: number; get(n: number): { data: object } } };
  const found = new Set<string>();
  for (let n = 0; n < (outputs?.length ?? 0); n++) {
    for (const [type, value] of Object.entries(outputs?.get(n).data ?? {})) {
      if (/^text\/|stdout/.test(type)) {
        const text = Array.isArray(value) ? value.join("") : String(value);
        text.match(DOI)?.forEach((doi) => found.add(doi));
      }
    }
  }
  return [...found].join("\n");
}
