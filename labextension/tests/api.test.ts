/* Requests over HTTP to a server below a base URL, as JupyterHub gives one. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ServerConnection } from "@jupyterlab/services";
import { Api } from "../src/api.ts";

const asked: { url: string; authorization: string; body: unknown }[] = [];
let answer = { status: 200, type: "application/json", text: "{}" };
const server = createServer((request, response) => {
  void read(request).then((body) => {
    const { url = "", headers } = request;
    // JupyterLab adds the time, so that no answer comes from a cache.
    asked.push({
      url: url.replace(/\?\d+$/, ""),
      authorization: headers.authorization ?? "",
      body,
    });
    response.writeHead(answer.status, { "Content-Type": answer.type }).end(answer.text);
  });
});
let api: Api;

async function read(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of request) {
    text += String(part);
  }
  return JSON.parse(text);
}

async function refused(status: number, text: string, type = "application/json"): Promise<string> {
  answer = { status, type, text };
  return api.post("document", {}).then(
    () => assert.fail("it was answered"),
    (error: Error) => error.message,
  );
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}/user/ada/`;
  api = new Api(ServerConnection.makeSettings({ baseUrl, token: "of-the-test" }));
});
after(() => server.close());

test("a request goes below the base URL, with the server's token and the Hub of the settings", async () => {
  answer = { status: 200, type: "application/json", text: '{"names": []}' };
  api.hub = "sandbox";
  assert.deepEqual(await api.post("names", { text: "ada/" }), { names: [] });
  assert.deepEqual(asked.pop(), {
    url: "/user/ada/hubdoi/api/names",
    authorization: "token of-the-test",
    body: { hub: "sandbox", text: "ada/" },
  });
});

test("an expired session is one sentence with the way out", async () => {
  const sentence = "Your session has expired. Reload the page to sign in again.";
  assert.equal(await refused(403, '{"message": "Forbidden"}'), sentence);
  assert.equal(await refused(401, ""), sentence);
  // A proxy leads to a page for signing in, which is no answer of the extension.
  assert.equal(await refused(200, "<title>Sign in</title>", "text/html"), sentence);
});

test("a server without the extension is one sentence with the way out", async () => {
  assert.match(await refused(404, '{"message": "Not Found"}'), /^This server does not have the/);
  assert.match(await refused(404, "<h1>404</h1>", "text/html"), /Install hubdoi where the server/);
});

test("what the server says is said, and otherwise the number of its error", async () => {
  assert.equal(await refused(400, '{"message": "Choose a file."}'), "Choose a file.");
  assert.equal(await refused(500, "<h1>"), "The server answered with the error 500.");
});

test("a server that has stopped is one sentence", async () => {
  const stopped = ServerConnection.makeSettings({ baseUrl: "http://127.0.0.1:9/" });
  await assert.rejects(new Api(stopped).post("names", {}), {
    message: "The Jupyter server does not answer. Check that it is running.",
    status: 0,
  });
});
