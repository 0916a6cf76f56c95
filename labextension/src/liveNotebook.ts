/* Edits of an open notebook: its live model is changed, never its file. */

import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel } from "@jupyterlab/services";

/** The comm by which a kernel asks; `src/hubdoi/jupyter/live_notebook.py` opens it. */
const TARGET = "hubdoi.notebook";

/** The text of the bibliography cell, and what to keep in the notebook's metadata. */
interface Change {
  bibliography?: string | null;
  metadata?: Record<string, unknown>;
}

/** Make a change, as one step to undo; the place of the bibliography cell, or -1. */
export function apply(panel: NotebookPanel, { bibliography, metadata }: Change): number {
  const notebook = panel.model?.sharedModel;
  if (!notebook) {
    return -1;
  }
  let at = -1;
  notebook.transact(() => {
    if (bibliography) {
      at = notebook.cells.findIndex((cell) => {
        const own = cell.getMetadata("hubdoi") as { bibliography?: boolean } | undefined;
        return cell.cell_type === "markdown" && own?.bibliography === true;
      });
      const cell = notebook.cells[at];
      if (cell) {
        // What is so already is no step to undo.
        if (cell.getSource() !== bibliography) {
          cell.setSource(bibliography);
        }
      } else {
        at = notebook.cells.length;
        notebook.insertCell(at, {
          cell_type: "markdown",
          source: bibliography,
          metadata: { hubdoi: { bibliography: true } } as never,
        });
      }
    }
    const own = (notebook.getMetadata("hubdoi") ?? {}) as object;
    notebook.setMetadata("hubdoi", { ...own, ...metadata } as never);
  });
  const cell = panel.content.widgets[at];
  if (cell && "rendered" in cell) {
    cell.rendered = true;
  }
  return at;
}

/** Let the kernels of open notebooks change the notebook that a cell of theirs is in. */
export function listen(notebooks: INotebookTracker): void {
  notebooks.widgetAdded.connect((_, panel) => {
    const register = (kernel?: Kernel.IKernelConnection | null) =>
      kernel?.registerCommTarget(TARGET, (comm, message) => {
        const { cell, ...change } = message.content.data as Change & { cell?: string };
        // Another notebook, or another page, may share the kernel: the one with the cell answers.
        const mine = panel.model?.sharedModel.cells.some((one) => one.getId() === cell);
        if (mine) {
          apply(panel, change);
          comm.send({ done: true });
        }
      });
    register(panel.sessionContext.session?.kernel);
    panel.sessionContext.kernelChanged.connect((_, { newValue }) => register(newValue));
  });
}
