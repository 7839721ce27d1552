import { createServer } from "node:net";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHostEnvironment, createMemoryArtifactStore, createToolRegistry } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { createPyodideTool } from "./pyodide-tool.ts";
import type { PyodideToolOptions } from "./pyodide-tool.ts";

const artifacts = createMemoryArtifactStore();

async function python(code: string, options: PyodideToolOptions & { state?: string } = {}) {
  const { state, ...rest } = options;
  const profile = { access: "read-only", workspace: tmpdir(), network: false } as const;
  await using environment = createHostEnvironment({ profile });
  const { result, code: failure } = await createToolRegistry({ tools: [createPyodideTool(rest)] }).execute(
    {
      type: "tool_call",
      id: "1",
      name: "python",
      arguments: JSON.stringify({ code, ...(state === undefined ? {} : { state }) }),
    },
    createToolContext({ environment, artifacts }),
  );
  const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  return { text, isError: result.isError, failure };
}

describe("createPyodideTool()", () => {
  test("answers what a script prints, and where it failed", async () => {
    expect(
      await python(
        "import sys, statistics\nprint(statistics.mean([1, 2, 6]), 'ä')\nprint('e', file=sys.stderr)",
      ),
    ).toMatchObject({
      text: "3 ä\ne",
      isError: false,
    });
    const failed = await python("print('before')\nx = 1\nx / 0");
    expect(failed.isError).toBe(true);
    expect(failed.text).toMatch(/^before\nTraceback[^]*File "script\.py", line 3[^]*ZeroDivisionError/u);
  });

  test("keeps files and state for later scripts", async () => {
    const first = await python("open(OUT + '/a.csv', 'w').write('x,y')\nstate['n'] = 41");
    const file = /\[a\.csv, 3 bytes, is (artifact:[0-9a-f]+)\.\]/u.exec(first.text)?.[1] ?? "";
    const state = /\[The state is (artifact:[0-9a-f]+)\.\]/u.exec(first.text)?.[1] ?? "";

    expect(Buffer.from(await artifacts.read(file)).toString()).toBe("x,y");
    expect((await python("print(state['n'] + 1)", { state })).text).toMatch(/^42\n/u);
    expect((await python("open(OUT + '/a', 'w').write('x' * 100)", { maxFileBytes: 10 })).text).toContain(
      "too large to keep",
    );
  });

  test("ends a script that takes too long or too much", async () => {
    expect((await python("while True: pass", { timeoutMs: 4_000 })).failure).toBe("tool.timeout");
    expect((await python("x = bytearray(400 * 1024 * 1024)", { memoryBytes: 128 * 2 ** 20 })).text).toContain(
      "MemoryError",
    );
    // Whatever it says then, it is over: the process is gone, or answers with an error.
    const over = await python("import os\nos.abort()");
    expect([over.failure, over.isError]).toContainEqual(true);
    if (over.failure !== undefined) expect(over.failure).toBe("pyodide.ended");
  });
});

/** Ways out, each with how to get at JavaScript first where it needs that. */
const escapes: readonly string[] = [
  "import js\nsaid = js.process.pid",
  "import js\nsaid = js.globalThis.process",
  "from pyodide.code import run_js\nsaid = run_js('process.pid')",
  "from pyodide.ffi import create_proxy\nsaid = create_proxy(lambda: 1).constructor.constructor('return process')().pid",
  "import pyodide_js\nsaid = pyodide_js.constructor.constructor('return process')().pid",
  "import pyodide_js\nsaid = pyodide_js._module.constructor.constructor('return 7')()",
  "import pyodide_js\npyodide_js.mountNodeFS('/mnt', 'FOLDER')\nsaid = open('/mnt/secret').read()",
  "import pyodide_js\npyodide_js.FS.mkdir('/m')\npyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, {'root': 'FOLDER'}, '/m')\nsaid = open('/m/secret').read()",
  "said = open('FOLDER/secret').read()",
  "import os\nsaid = os.listdir('FOLDER')",
  "import subprocess\nsaid = subprocess.check_output(['id'])",
  "from pyodide.http import open_url\nsaid = open_url('http://127.0.0.1:PORT/').read()",
  "import pyodide_js\nsaid = pyodide_js.loadPackage('http://127.0.0.1:PORT/x.whl').constructor.constructor('return 1')()",
  "import urllib.request\nsaid = urllib.request.urlopen('http://127.0.0.1:PORT/', timeout=2).read()",
  "import socket\ns = socket.create_connection(('127.0.0.1', PORT), 2)\ns.sendall(b'x')\nsaid = s.recv(9) or 1 / 0",
  "import micropip\nsaid = micropip",
  // The last one: Node refuses to start a process, and Python does not outlive that.
  "import os\nsaid = os.system('touch FOLDER/canary') or 1 / 0",
];

const tryAll = `
import json
for number, attempt in enumerate(json.loads(ATTEMPTS)):
    scope = {}
    try:
        exec(attempt, scope)
        print(number, "went through:", scope["said"])
    except BaseException as error:
        print(number, type(error).__name__)
`;

test("Python reaches neither files nor network nor processes", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-pyodide-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "secret"), "SECRET-VALUE");
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("It listens on a port.");
  const attempts = escapes.map((code) =>
    code.replaceAll("FOLDER", folder).replaceAll("PORT", String(address.port)),
  );

  const { text } = await python(tryAll.replace("ATTEMPTS", JSON.stringify(JSON.stringify(attempts))));

  expect(text.split("\n").filter((line) => line.includes("went through"))).toEqual([]);
  expect(text.match(/^\d+ \w+$/gmu)?.length).toBe(escapes.length - 1);
  expect(text).toContain("Access to this API has been restricted");
  expect(text).not.toContain("SECRET-VALUE");
  expect([visits, await readdir(folder)]).toEqual([0, ["secret"]]);
});
