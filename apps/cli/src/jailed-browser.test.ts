import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { expect, onTestFinished, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const isRoot = process.getuid?.() === 0;
const users = isRoot ? [0, 65_534] : [process.getuid?.() ?? 0];

test.each(users)("a browser reaches what its jail lets it, whatever a page tries, as user %i", (uid) => {
  const program = fileURLToPath(new URL("./jailed-browser.example.ts", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/tmp" },
    ...(isRoot ? { uid, gid: uid } : {}),
  });

  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    page: {
      "own site": "reached",
      loopback: "refused",
      "loopback by name": "refused",
      "loopback, IPv6": "refused",
      "loopback in disguise": "refused",
      "unlisted name": "refused",
      picture: "refused",
      script: "refused",
      redirect: "refused",
      socket: "refused",
      "addresses told by WebRTC": "none",
      // By the gate, as `allowed` and `refused` say.
      "asked: metadata": "reached",
      "asked: private network": "reached",
      "asked: private address behind a listed name": "reached",
    },
    metadata: expect.stringMatching(/^browser\.(?:wrong_host|navigation_failed): /u),
    loopback: expect.stringMatching(/^browser\.navigation_failed: /u),
    project: "hidden",
    reached: [],
    datagrams: [],
    askedNames: ["inside.example", "site.example"],
    allowed: ["site.example"],
    refused: expect.arrayContaining([
      "10.0.0.1",
      "169.254.169.254",
      "inside.example",
      "stolen-data.evil.example",
    ]),
    left: { processes: 0, folder: false },
  });
});

test("tau run gives an agent a browser when asked to, by the rules, and the doctor looks for it", async () => {
  const site = createServer((_, response) =>
    response
      .setHeader("content-type", "text/html")
      .end("<title>A shop</title><h1>Shoes</h1><button>Buy</button>"),
  ).listen(0, "127.0.0.1");
  await once(site, "listening");
  onTestFinished(() => {
    site.closeAllConnections();
    site.close();
  });
  const address = site.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  await using place = await createPlace("/var/tmp");
  await place.write(
    "own.toml",
    `[permissions]\nallow = ["network(${host})"]\n[network]\naddresses = ["127.0.0.1"]\n[tools.browser]\nhosts = ["${host}"]\n`,
  );
  const look = (name: string, args: object): object => ({ toolCalls: [{ name, arguments: args }] });
  await using model = await startScripted({
    turns: [
      look("browser_navigate", { url: `http://${host}/` }),
      look("browser_snapshot", {}),
      look("browser_click", { host, ref: "e3" }),
      { text: "Done." },
    ],
  });

  const options = ["--config", "own.toml"];
  const { code, stdout } = await place.spawn(["run", ...model.options, ...options, "Look"]).ended;
  const doctor = await place.tau(["doctor", "--json", ...options]);

  expect(code).toBe(0);
  const { messages }: { messages: readonly { role: string; content: string }[] } = JSON.parse(
    JSON.stringify(model.server.requests.at(-1)?.body),
  );
  const [opened, seen, clicked] = messages
    .filter(({ role }) => role === "tool")
    .map(({ content }) => content);
  expect(opened).toContain("Title: A shop");
  expect(seen).toContain('heading "Shoes"');
  expect(clicked).toContain("tool.denied");
  expect(stdout).toContain("browser_navigate");
  expect(doctor.stdout).toMatch(/browser: \/.*, in a jail of its own that reaches 127\.0\.0\.1:\d+/u);
});
