import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "hubdoi:plugin",
  description: "The models and datasets of a notebook, with their DOIs, beside it.",
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    void app.name;
  },
};

export default plugin;
