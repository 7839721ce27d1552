import { createServer } from "node:http";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place, Running } from "./cli.test.support.ts";

const token = "a-token-of-more-than-16-characters";

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly sessionId: string;
}

/** A server whose newest session waits for an answer to `command`; its store is not that of other commands. */
async function serveWaiting(place: Place, command: string): Promise<Served> {
  const model = await startScripted({
    turns: [
      { toolCalls: [{ name: "bash", arguments: { command } }] },
      { toolCalls: [{ name: "bash", arguments: { command } }] },
      { text: "Sorted." },
    ],
  });
  const env = { TAU_TOKEN: token, TAU_HOME: join(place.base, "served") };
  const host = ["--environment", "host"];
  const args = ["serve", "--port", "0", "--token", "env:TAU_TOKEN", ...model.options, ...host];
  const serving: Running = place.spawn(args, { env });
  await serving.until("Ctrl-C stops.");
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url, token });
  const { sessionId } = await client.createSession();
  for await (const one of client.run({ sessionId, prompt: "Sort it", untilWaiting: true, detach: true }))
    if (one.kind === "event" && one.event.type === "run_waiting") break;
  return {
    url,
    sessionId,
    async [Symbol.asyncDispose]() {
      serving.child.kill("SIGTERM");
      await serving.ended;
      await model[Symbol.asyncDispose]();
    },
  };
}

test("a server's sessions are listed, shown, approved and followed as those of this machine", async () => {
  await using place = await createPlace();
  await using served = await serveWaiting(place, "sort /dev/null");
  const { url, sessionId } = served;
  const env = { TAU_SERVER: url, TAU_TOKEN: token };
  const tau = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await place.tau(args, { env });
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };

  const listed = await tau("sessions", "list");
  expect(listed).toContain(`${sessionId}  waiting `);
  expect(listed).toContain(`Sort it  ${place.cwd}`);
  const asked = await tau("approve", "last");
  expect(asked).toContain("--session and --always would allow");
  expect(asked).toContain("bash(sort /dev/null)");
  expect(JSON.parse(await tau("approve", "last", "--json"))).toMatchObject({
    grant: { workspace: place.cwd },
  });

  const answered = await tau("approve", "last", "--allow", "--yes", "--session");
  expect(answered).toContain(`tau attach ${sessionId} --server ${url}`);
  const attached = place.spawn(["attach", "last"], { env });
  // The second call of the same is covered by what was allowed: nobody is asked again.
  await attached.until("Sorted.\n■ done");
  attached.child.kill("SIGINT");
  expect((await attached.ended).code).toBe(0);
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url, token });
  const empty = await client.createSession();
  expect(await tau("sessions", "show", empty.sessionId)).toBe("Nothing was said in this session yet.\n");
  const shown = await tau("sessions", "show", sessionId, "--json");
  expect(shown.match(/"type":"approval_answered"/gu)).toHaveLength(1);
  expect(shown).toContain('"remember":"session"');
  expect(await tau("sessions", "handoff", sessionId)).toContain("Sort it");

  const here = await place.tau(["sessions", "list", "--server", "local"], { env });
  expect(here.stdout).toContain("There are no sessions yet");
});

test("a token goes to the server that it was named with, and to no other", async () => {
  await using place = await createPlace();
  const heard: unknown[] = [];
  const server = createServer(({ headers }, response) => {
    heard.push(headers.authorization);
    response.statusCode = 401;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  server.on("connection", (socket) =>
    socket.on("data", (data: Buffer) => heard.push(data.toString("latin1"))),
  );
  const env = { TAU_SERVER: "http://127.0.0.1:1", TAU_TOKEN: token };

  await place.tau(["sessions", "list", "--server", url], { env });
  expect(heard.length).toBeGreaterThan(0);
  expect(heard.join("\n")).not.toContain(token);
  server.closeAllConnections();
  server.close();

  const bare = await place.tau(["attach", "last", "--token", "env:TAU_TOKEN"], { env: { TAU_TOKEN: token } });
  expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining("--token goes with --server")]);
});

test("a tau.toml names a server once somebody trusts it, and no stranger's does", async () => {
  await using place = await createPlace();
  await using served = await serveWaiting(place, "sort /dev/null");
  await place.write("tau.toml", `[server]\nurl = "${served.url}"\ntoken = "env:MY_TOKEN"\n`);
  const env = { MY_TOKEN: token };

  const strange = await place.tau(["sessions", "list"], { env });
  expect([strange.code, strange.stderr]).toEqual([2, expect.stringContaining("[config.untrusted]")]);
  expect((await place.tau(["sessions", "list", "--server", "local"], { env })).code).toBe(0);
  await place.tau(["trust", "--yes"], { env });
  expect((await place.tau(["sessions", "list"], { env })).stdout).toContain(served.sessionId);

  await place.write("tau.toml", "[server]\n# url = nothing\n[agent]\nmax_steps = 3\n");
  expect((await place.tau(["sessions", "list"], { env })).stdout).toContain("There are no sessions yet");
});

test("a tau.toml of empty lines names no server, and is read once", async () => {
  await using place = await createPlace();
  await place.write("tau.toml", `${"\n".repeat(300_000)}[agent]\nmax_steps = 3\n`);

  expect((await place.tau(["sessions", "list"])).stdout).toContain("There are no sessions yet");
});
