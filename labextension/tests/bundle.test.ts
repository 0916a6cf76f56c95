/* The built extension, as every page of JupyterLab loads it. */

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const LIMIT = 150_000;
const built = new URL("../../src/hubdoi/labextension/static/", import.meta.url);

test("the bundle is one script of at most 150 kB", () => {
  const names = readdirSync(fileURLToPath(built));
  assert.equal(names.length, 1);
  const size = statSync(fileURLToPath(new URL(names[0] ?? "", built))).size;
  assert.ok(size <= LIMIT, `${size} bytes`);
});
