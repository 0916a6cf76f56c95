/* Builds the prebuilt JupyterLab extension: one script, the schema and the package data.

   JupyterLab asks of a prebuilt extension a script that registers a container with `init(scope)`
   and `get(module)`; the libraries that it shares are taken from `scope` (the share scope of module
   federation). esbuild bundles in under a second and brings no other package, where the usual
   builder needs a hundred times that; the container is the twenty lines of `container` below. */

import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const LIMIT = 150_000;
const here = dirname(fileURLToPath(import.meta.url));
const data = JSON.parse(await readFile(resolve(here, "package.json"), "utf8"));
const output = resolve(here, data.jupyterlab.outputDir);
const shared = Object.keys(data.dependencies);

const bundle = await build({
  absWorkingDir: here,
  entryPoints: ["src/index.ts"],
  bundle: true,
  format: "cjs",
  target: "es2022",
  minify: true,
  write: false,
  metafile: true,
  external: shared,
  loader: { ".css": "text" },
});
const used = bundle.metafile.outputs[Object.keys(bundle.metafile.outputs)[0]].imports
  .filter((one) => one.external)
  .map((one) => one.path);

/** What JupyterLab calls. The version is the one that is loaded already, or the newest. */
function container(name, names, run) {
  let scope = {};
  const modules = new Map();
  const newer = (a, b) => a.localeCompare(b, "en", { numeric: true }) > 0;
  const load = async (one) => {
    const versions = Object.entries(scope[one] ?? {});
    if (!versions.length) {
      throw new Error(`hubdoi needs ${one}, which this application does not share.`);
    }
    const [, chosen] = versions.reduce((best, other) =>
      (other[1].loaded && !best[1].loaded) ||
      (!!other[1].loaded === !!best[1].loaded && newer(other[0], best[0]))
        ? other
        : best,
    );
    modules.set(one, (await chosen.get())());
  };
  let exported;
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[name] = {
    init: (given) => {
      scope = given;
    },
    get: async () => {
      exported ??= Promise.all(names.map(load)).then(() => {
        const module = { exports: {} };
        run(module, module.exports, (one) => modules.get(one));
        return module.exports;
      });
      const found = await exported;
      return () => found;
    },
  };
}

const script = `(${container})(${JSON.stringify(data.name)},${JSON.stringify([...new Set(used)])},function(module,exports,require){${bundle.outputFiles[0].text}});\n`;
if (script.length > LIMIT) {
  throw new Error(`The bundle has ${script.length} bytes; at most ${LIMIT} are allowed.`);
}
const digest = createHash("sha256").update(script).digest("hex").slice(0, 20);
const load = `static/remoteEntry.${digest}.js`;
const described = {
  ...data,
  devDependencies: undefined,
  scripts: undefined,
  prettier: undefined,
  jupyterlab: { ...data.jupyterlab, _build: { load, extension: "./extension" } },
};

await rm(output, { recursive: true, force: true });
await mkdir(resolve(output, "static"), { recursive: true });
await writeFile(resolve(output, load), script);
await cp(resolve(here, data.jupyterlab.schemaDir), resolve(output, "schemas", data.name), {
  recursive: true,
});
await writeFile(
  resolve(output, "schemas", data.name, "package.json.orig"),
  JSON.stringify(described, null, 2),
);
await cp(resolve(here, "install.json"), resolve(output, "install.json"));
// Last, because its time says when the extension was built.
await writeFile(resolve(output, "package.json"), `${JSON.stringify(described, null, 2)}\n`);
console.log(`${load}: ${Math.round(script.length / 1000)} kB`);
