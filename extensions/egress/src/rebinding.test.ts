import { expect, it } from "vitest";

import { startServer } from "./canary.test.support.ts";
import type { LoopbackServer } from "./canary.test.support.ts";
import { createCheckedFetch } from "./checked-fetch.ts";
import { startDnsServer } from "./dns-server.test.support.ts";

const outsideAddress = "127.0.0.2"; // stands for a public address
const inside = "127.0.0.1";

/** Two servers on the same port of two addresses, so that only the address decides which one is reached. */
async function twins(): Promise<{ readonly outside: LoopbackServer; readonly canary: LoopbackServer }> {
  for (;;) {
    const outside = await startServer((_, response) => response.end("outside"), { host: outsideAddress });
    // Another program may have the port at the other address.
    const canary = await startServer(undefined, { host: inside, port: outside.port }).catch(() => undefined);
    if (canary !== undefined) return { outside, canary };
  }
}

it.each([
  [
    "after its first answer",
    ["egress.denied", "outside"],
    (times: number) => [times === 1 ? outsideAddress : inside],
  ],
  [
    "at every second answer",
    ["egress.denied", "outside"],
    (times: number) => [times % 2 === 1 ? outsideAddress : inside],
  ],
  [
    "after its third answer",
    ["egress.denied", "outside"],
    (times: number) => [times <= 3 ? outsideAddress : inside],
  ],
  ["at once", ["egress.denied"], () => [inside]],
  ["beside a public address", ["egress.denied"], () => [outsideAddress, inside]],
  ["in front of a public address", ["egress.denied"], () => [inside, outsideAddress]],
])("a name that leads inside %s reaches nothing there", async (_, expected, answer) => {
  const { outside, canary } = await twins();
  const dns = await startDnsServer((_name, times) => answer(times));
  const outcomes = new Set<string>();

  for (let round = 0; round < 12; round++) {
    // A new client has no connection left that would spare it the question.
    await using client = createCheckedFetch({
      caller: { tenant: "test" },
      addresses: [outsideAddress],
      lookup: dns.lookup,
    });
    for (let call = 0; call < 3; call++) {
      const outcome = await client.fetch(`http://rebind.example:${outside.port}/`).then(
        async (response) => await response.text(),
        (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
      );
      outcomes.add(outcome);
    }
  }

  expect(canary.visits()).toBe(0);
  expect(dns.asked.length).toBeGreaterThanOrEqual(12);
  expect([...outcomes].toSorted()).toEqual(expected);
});

it("resolves a name once for each connection, and dials what was checked", async () => {
  const { outside } = await twins();
  const dns = await startDnsServer((_, times) => [times === 1 ? outsideAddress : inside]);
  await using client = createCheckedFetch({
    caller: { tenant: "test" },
    addresses: [outsideAddress],
    lookup: dns.lookup,
  });

  const response = await client.fetch(`http://rebind.example:${outside.port}/`);

  expect(await response.text()).toBe("outside");
  expect(dns.asked).toEqual(["rebind.example"]);
});

it("says when a name has no address", async () => {
  const dns = await startDnsServer(() => []);
  await using client = createCheckedFetch({ caller: { tenant: "test" }, lookup: dns.lookup });

  await expect(client.fetch("http://nowhere.example/")).rejects.toMatchObject({
    code: "egress.unresolved",
    message: "The name nowhere.example has no address.",
    class: "retryable",
  });
});

it("says when nobody answers at the address", async () => {
  const plain = await startServer();
  await using client = createCheckedFetch({ caller: { tenant: "test" }, addresses: [inside] });

  await expect(client.fetch("http://127.0.0.1:2/")).rejects.toMatchObject({
    code: "egress.failed",
    message: "Connecting to 127.0.0.1:2 failed: ECONNREFUSED.",
  });
  await expect(client.fetch(`https://127.0.0.1:${plain.port}/`)).rejects.toMatchObject({
    code: "egress.failed",
  });
});
