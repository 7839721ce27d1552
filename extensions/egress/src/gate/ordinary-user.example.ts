import { spawn } from "node:child_process";
import { createServer } from "node:http";

import { createEgressGate } from "@tau/egress";

// Prints what jailed programs reach through a gate, as the user who runs this file.
const server = createServer((_, response) => response.end("reached")).listen(0, "127.0.0.1");
const address = await new Promise<ReturnType<typeof server.address>>((resolve) =>
  server.once("listening", () => resolve(server.address())),
);
const port = typeof address === "object" ? address?.port : undefined;
{
  await using gate = createEgressGate({
    caller: { tenant: "example" },
    hosts: [`api.example:${port}`],
    addresses: ["127.0.0.1"],
    lookup: async () => ["127.0.0.1"],
  });
  const pass = await gate.enter({}, new AbortController().signal);
  const jail = [
    "bwrap",
    "--unshare-user",
    "--unshare-pid",
    "--disable-userns",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
  ];
  const files = pass.files.flatMap(({ path, source }) => ["--ro-bind", source, path]);
  const line = `id -u; curl -sS -m 10 http://api.example:${port}/; echo; curl -sS -m 10 http://93.184.216.34/; curl -sS -m 5 http://127.0.0.1:${port}/ >/dev/null 2>&1 || echo no loopback`;
  const [program, ...rest] = [
    ...pass.prefix,
    ...jail,
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    ...files,
    "--",
    "sh",
    "-c",
    line,
  ];
  const child = spawn(program, rest, { stdio: ["ignore", "inherit", "inherit"] });
  await new Promise((resolve) => child.once("close", resolve));
  for (const refusal of pass.leave()) console.log(refusal);
}
server.close();
