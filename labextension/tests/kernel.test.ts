/* What a kernel has loaded is asked once after something ran in it, and never because it answered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ISessionContext } from "@jupyterlab/apputils";
import { Signal } from "@lumino/signaling";
import { KernelLoads } from "../src/kernel.ts";

/** A session whose kernel says what real ones say while they answer: busy, then idle. */
class Session {
  asked = 0;
  loads = "[]";
  status = "idle";
  iopubMessage = new Signal<this, object>(this);
  statusChanged = new Signal<this, string>(this);
  kernelChanged = new Signal<this, object>(this);
  session = {
    kernel: {
      connectionStatus: "connected",
      status: "idle",
      requestExecute: () => {
        this.asked += 1;
        this.become("busy");
        this.become("idle");
        const text = `'${this.loads}'`;
        const loads = { status: "ok", data: { "text/plain": text }, metadata: {} };
        return {
          done: Promise.resolve({ content: { status: "ok", user_expressions: { loads } } }),
        };
      },
    },
  };

  become(status: string): void {
    this.session.kernel.status = status;
    this.statusChanged.emit(status);
  }

  run(loads: string, type = "execute_input"): void {
    this.become("busy");
    this.iopubMessage.emit({ header: { msg_type: type } });
    this.loads = loads;
    this.become("idle");
  }
}

function followed(session: Session): { loads: KernelLoads; changes: () => number } {
  const loads = new KernelLoads(session as unknown as ISessionContext);
  let changes = 0;
  loads.changed.connect(() => (changes += 1));
  return { loads, changes: () => changes };
}

const ONE = '[{"repo_id": "ada/engine"}]';

test("its own question is no reason to ask again", async () => {
  const session = new Session();
  const { loads, changes } = followed(session);
  assert.deepEqual(await loads.ask(), []);
  assert.deepEqual(await loads.ask(), []);
  assert.equal(session.asked, 1);
  assert.equal(changes(), 0);
});

for (const type of ["execute_input", "comm_msg"]) {
  test(`it is asked again after ${type}`, async () => {
    const session = new Session();
    const { loads, changes } = followed(session);
    await loads.ask();
    session.run(ONE, type);
    assert.equal(changes(), 1);
    assert.equal((await loads.ask())[0]?.repo_id, "ada/engine");
    assert.equal(session.asked, 2);
    assert.equal(changes(), 1);
  });
}

test("a kernel that is busy keeps what is known, and is asked when it is idle", async () => {
  const session = new Session();
  const { loads, changes } = followed(session);
  session.run(ONE);
  await loads.ask();
  session.become("busy");
  session.iopubMessage.emit({ header: { msg_type: "execute_input" } });
  assert.equal((await loads.ask()).length, 1);
  assert.equal(session.asked, 1);
  const before = changes();
  session.become("idle");
  assert.equal(changes(), before + 1);
});

test("what an earlier kernel has loaded is forgotten", async () => {
  const session = new Session();
  const { loads, changes } = followed(session);
  session.run(ONE);
  await loads.ask();
  const before = changes();
  session.loads = "[]";
  session.become("restarting");
  assert.deepEqual(loads.loads, []);
  assert.equal(changes(), before + 1);
  session.become("idle");
  assert.deepEqual(await loads.ask(), []);
});

test("an answer of an earlier kernel comes too late", async () => {
  const session = new Session();
  const { loads } = followed(session);
  session.loads = ONE;
  const answer = loads.ask();
  session.kernelChanged.emit({});
  assert.deepEqual(await answer, []);
});
