import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { untrusted } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { defineTool } from "../define-tool.ts";
import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import { createFileSource, createHttpJsonSource, createSqliteSource } from "./data-sources.ts";
import { createDatasourceModule } from "./datasource-module.ts";
import type { DataSource, DatasourceOptions } from "./datasource-module.ts";
import { createFolderSource } from "./folder-source.ts";
import { createKnowledgeModule } from "./knowledge-module.ts";
import { createModuleRegistry } from "./module-registry.ts";
import type { Module } from "./module.ts";
import { parseCsv } from "./parse-csv.ts";
import { createPlanningModule } from "./planning-module.ts";

const { signal } = new AbortController();

function moduleOf(name: string, log: string[], rest: Partial<Module> = {}): Module {
  const tool = defineTool({
    name: `${name}_tool`,
    description: "",
    input: { type: "object" },
    sideEffect: "pure",
    execute: () => "",
  });
  return {
    name,
    description: name,
    tools: () => [tool],
    initialize: async () => void log.push(`+${name}`),
    cleanup: async () => void log.push(`-${name}`),
    ...rest,
  };
}

/** The tools of a module, ready to be called. */
async function started(module: Module) {
  const tools = createToolRegistry();
  const modules = createModuleRegistry(tools, [module]);
  onTestFinished(async () => await modules[Symbol.asyncDispose]());
  await modules.start(signal);
  const context = await createWorkspaceContext();
  let kept: JsonObject = {};
  return async (name: string, input: object): Promise<string> => {
    const run = await tools.execute(toolCall(name, input), {
      ...context,
      kept,
      idempotencyKey: crypto.randomUUID(),
    });
    kept = { ...kept, ...run.keep };
    return resultText(run.result);
  };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tau-module-"));
  onTestFinished(async () => await rm(path, { recursive: true, force: true }));
  return path;
}

describe("createModuleRegistry()", () => {
  test("M1. begins in order, brings the tools, and ends in reverse", async () => {
    const log: string[] = [];
    const tools = createToolRegistry();
    const modules = createModuleRegistry(tools, [moduleOf("b", log), moduleOf("a", log)]);

    await modules.start(signal);
    await modules.start(signal);
    expect(tools.list().map(({ name }) => name)).toEqual(["a_tool", "b_tool"]);
    expect(modules.listNames()).toEqual(["b", "a"]);
    expect(modules.get("a").description).toBe("a");
    await modules[Symbol.asyncDispose]();

    expect(log).toEqual(["+b", "+a", "-a", "-b"]);
    expect(tools.list()).toEqual([]);
  });

  test("M2. rolls back when one fails, itself included, and can begin again", async () => {
    const log: string[] = [];
    let fails = true;
    const tools = createToolRegistry();
    const modules = createModuleRegistry(tools, [
      moduleOf("a", log),
      moduleOf("b", log, {
        initialize: async () => {
          if (fails) throw new Error("no database");
        },
      }),
      moduleOf("c", log),
    ]);

    await expect(modules.start(signal)).rejects.toThrow("no database");
    expect(log).toEqual(["+a", "-b", "-a"]);
    expect(tools.list()).toEqual([]);
    fails = false;
    await modules.start(signal);
    expect(tools.list().length).toBe(3);
  });

  test("M2. rolls back when a tool's name is taken", async () => {
    const log: string[] = [];
    const [taken] = moduleOf("b", log).tools();
    const tools = createToolRegistry({ tools: taken === undefined ? [] : [taken] });
    const modules = createModuleRegistry(tools, [moduleOf("a", log), moduleOf("b", log)]);

    await expect(modules.start(signal)).rejects.toMatchObject({ code: "tool.exists" });
    expect(tools.list()).toEqual([taken]);
  });

  test("M3. cleans the others up when one cannot be, and says so", async () => {
    const log: string[] = [];
    const modules = createModuleRegistry(createToolRegistry(), [
      moduleOf("a", log),
      moduleOf("b", log, { cleanup: () => Promise.reject(new Error("stuck")) }),
    ]);
    await modules.start(signal);

    await expect(modules[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "module.cleanup_failed" });
    expect(log.at(-1)).toBe("-a");
  });

  test("refuses a name twice, one that it does not know, and one that comes too late", async () => {
    const modules = createModuleRegistry(createToolRegistry(), [moduleOf("alpha", [])]);
    const code = (value: string) => expect.objectContaining({ code: value });
    expect(() => modules.register(moduleOf("alpha", []))).toThrowError(code("module.exists"));
    expect(() => modules.get("alfa")).toThrowError(code("module.not_found"));
    await modules.start(signal);
    expect(() => modules.register(moduleOf("beta", []))).toThrowError(code("module.started"));
    await modules[Symbol.asyncDispose]();
  });
});

describe("planning", () => {
  test("keeps a plan and what became of its steps", async () => {
    const call = await started(createPlanningModule());

    expect(await call("update_plan", { step_number: 1, status: "completed" })).toContain("plan.none");
    expect(await call("create_plan", { goal: "Ship", steps: ["Build", "Test"] })).toBe(
      "Ship\n[ ] 1. Build\n[ ] 2. Test\nNext: step 1.",
    );
    await call("update_plan", { step_number: 1, status: "completed", reflection: "It was quick." });
    expect(await call("update_plan", { step_number: 2, status: "failed" })).toBe(
      "Ship\n[x] 1. Build\n      It was quick.\n[!] 2. Test\nEvery step has ended.",
    );
    expect(await call("update_plan", { step_number: 3, status: "failed" })).toContain("plan.no_step");
    expect(await call("update_plan", { step_number: 1, status: "done" })).toContain("tool.invalid_arguments");
  });

  test("a plan is trusted no further than what the model had been shown when it wrote it", async () => {
    const [create, update] = createPlanningModule().tools();
    const context = await createWorkspaceContext();
    const tools = createToolRegistry({ tools: [create, update].flatMap((tool) => tool ?? []) });
    const made = await tools.execute(toolCall("create_plan", { goal: "g", steps: ["a"] }), {
      ...context,
      shown: untrusted("web:example.org"),
    });
    const later = await tools.execute(toolCall("update_plan", { step_number: 1, status: "completed" }), {
      ...context,
      kept: made.keep ?? {},
    });

    expect(later.result.content[0]?.label?.origins).toEqual(["web:example.org"]);
  });
});

describe("knowledge", () => {
  test("finds passages of a folder and reads on", async () => {
    const path = await folder();
    await mkdir(join(path, "guide"));
    await writeFile(
      join(path, "guide/deploy.md"),
      `# Deploying\n\n${"Padding. ".repeat(300)}\n\nRotate the signing key monthly.`,
    );
    await writeFile(join(path, "other.txt"), "Nothing about it. ".repeat(2_000));
    await writeFile(join(path, "image.png"), "signing key");
    await writeFile(join(path, "large.md"), "signing key");
    await truncate(join(path, "large.md"), 2 ** 40);
    const call = await started(createKnowledgeModule({ source: createFolderSource({ folder: path }) }));

    const found = await call("knowledge_search", { query: "how to rotate signing keys", limit: 1 });
    expect(found).toMatch(/^## guide\/deploy\.md \(from character \d+\)/u);
    expect(found).toContain("Rotate the signing key monthly.");
    expect(await call("knowledge_search", { query: "xylophone" })).toContain("No passage");
    expect(await call("knowledge_read", { id: "other.txt" })).toContain("[It goes on: read from 20000.]");
    expect((await call("knowledge_read", { id: "other.txt", from: 20_000 })).length).toBe(16_000);
    expect(await call("knowledge_read", { id: "../other.txt" })).toContain("knowledge.not_found");
  });

  test("refuses more than it may hold", async () => {
    const source = {
      async *read() {
        yield { id: "a", text: "x".repeat(100) };
      },
    };
    const modules = createModuleRegistry(createToolRegistry(), [
      createKnowledgeModule({ source, maxBytes: 50 }),
    ]);

    await expect(modules.start(signal)).rejects.toMatchObject({ code: "knowledge.too_large" });
  });
});

async function sqliteFile(): Promise<string> {
  const path = join(await folder(), "shop.db");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE orders (id INTEGER, city TEXT, cents INTEGER)");
  database.exec(
    "INSERT INTO orders VALUES (1, 'Oslo', 900), (2, 'Bergen', 9007199254740993), (3, 'Oslo', 100)",
  );
  database.close();
  return path;
}

async function asking(source: DataSource, rest: Partial<DatasourceOptions> = {}) {
  const call = await started(createDatasourceModule({ sources: [source], ...rest }));
  return { call, ask: (sql: string) => call("data_query", { source: source.name, sql }) };
}

describe("datasource", () => {
  test("answers questions about a SQLite file, and lists its tables", async () => {
    const path = await sqliteFile();
    const { ask, call } = await asking(createSqliteSource({ name: "shop", description: "Orders.", path }));

    expect(await call("data_sources", {})).toBe("shop: Orders.\n  orders(id, city, cents)");
    expect(await ask("SELECT city, count(*) AS n FROM orders GROUP BY city ORDER BY city")).toBe(
      '"city", "n"\n"Bergen", 1\n"Oslo", 2',
    );
    expect(await ask("SELECT cents FROM orders WHERE id = 2")).toBe('"cents"\n"9007199254740993"');
    expect(await ask("SELECT missing FROM orders")).toContain("no such column");
  });

  test.each([
    "DELETE FROM orders",
    "INSERT INTO orders VALUES (4, 'x', 1)",
    "WITH x AS (SELECT 1) INSERT INTO orders SELECT 4, 'x', 1",
    "WITH x AS (SELECT 1) DELETE FROM orders",
    "DROP TABLE orders",
    "ATTACH 'other.db' AS other",
    "PRAGMA query_only = OFF",
    "VACUUM INTO 'copy.db'",
    "SELECT load_extension('x')",
    "SELECT writefile('x', 'y')",
    "SELECT 1; DELETE FROM orders",
    "/* SELECT */ DELETE FROM orders",
    "EXPLAIN DELETE FROM orders",
  ])("changes nothing and opens nothing: %s", async (sql) => {
    const path = await sqliteFile();
    const { ask } = await asking(createSqliteSource({ name: "shop", description: "", path }));
    await ask(sql);

    expect(await ask("SELECT count(*) AS n FROM orders")).toBe('"n"\n3');
  });

  test("ends a query that takes too long, and answers the next one", async () => {
    const path = await sqliteFile();
    const { ask } = await asking(createSqliteSource({ name: "shop", description: "", path }), {
      // Long enough for a process to start on a busy machine.
      limits: { timeoutMs: 2_000 },
    });
    const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    expect(await ask(endless)).toContain("took longer than 2000 ms");
    expect(await ask("SELECT 1 AS one")).toBe('"one"\n1');
  });

  test("shows no more rows and bytes than it may, and says so", async () => {
    const path = await sqliteFile();
    const source = createSqliteSource({ name: "shop", description: "", path });
    const { ask } = await asking(source, { limits: { maxRows: 2, maxBytes: 60 } });

    expect(await ask("SELECT id FROM orders")).toBe('"id"\n1\n2\n[There are more rows: only 2 are shown.]');
    expect(await ask("SELECT hex(zeroblob(50)) FROM orders")).toContain("only 0 are shown");
  });

  test("reads CSV and JSON files", async () => {
    const path = await folder();
    await writeFile(join(path, "my-data.csv"), 'name,Name,n\r\n"a, ""b""",x,10\r\nc,,-2.5\r\n');
    await writeFile(join(path, "people.json"), JSON.stringify([{ name: "Ada", tags: ["x"] }, { age: 3 }]));
    await writeFile(join(path, "bad.json"), "{}");
    const csv = await asking(
      createFileSource({ name: "c", description: "", path: join(path, "my-data.csv") }),
    );
    const json = await asking(
      createFileSource({ name: "j", description: "", path: join(path, "people.json") }),
    );

    expect(await csv.ask("SELECT * FROM my_data WHERE n < 100")).toBe(
      '"name", "Name_", "n"\n"a, \\"b\\"", "x", 10\n"c", "", -2.5',
    );
    expect(await json.ask("SELECT * FROM people")).toBe(
      '"name", "tags", "age"\n"Ada", "[\\"x\\"]", null\nnull, null, 3',
    );
    expect(await json.ask("WITH x AS (SELECT 1) DELETE FROM people")).toContain("datasource.query_failed");
    const bad = createFileSource({ name: "b", description: "", path: join(path, "bad.json") });
    await expect(bad.open(signal)).rejects.toMatchObject({ code: "datasource.unreadable" });
    await truncate(join(path, "bad.json"), 2 ** 40);
    await expect(bad.open(signal)).rejects.toMatchObject({
      code: "datasource.unreadable",
      message: expect.stringContaining("more than 67108864 bytes"),
    });
  });

  test("asks an address through the fetch that it was given", async () => {
    const server = createServer((_request, response) => response.end('{"data":{"items":[{"n":1},{"n":2}]}}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("It listens on a port.");
    const asked: string[] = [];
    const source = createHttpJsonSource({
      name: "api",
      description: "",
      url: `http://127.0.0.1:${address.port}/items`,
      at: ["data", "items"],
      fetch: async (url, init) => {
        asked.push(url);
        return await fetch(url, init);
      },
    });
    const { ask } = await asking(source);

    expect(await ask("SELECT sum(n) AS sum FROM api")).toBe('"sum"\n3');
    expect(asked).toEqual([`http://127.0.0.1:${address.port}/items`]);
    expect(source.label).toEqual(untrusted("web"));
  });

  test("labels what it answers as its source is labelled, and the list of sources as all of them", async () => {
    const path = await sqliteFile();
    const label = untrusted("shop");
    const shop = createSqliteSource({ name: "shop", description: "", path, label });
    const own = createSqliteSource({ name: "own", description: "", path });
    const tools = createToolRegistry();
    await using modules = createModuleRegistry(tools, [createDatasourceModule({ sources: [shop, own] })]);
    await modules.start(signal);
    const context = await createWorkspaceContext();
    const labelOf = async (name: string, input: JsonObject) =>
      (await tools.execute(toolCall(name, input), context)).result.content[0]?.label?.integrity;

    const sql = "SELECT city FROM orders";
    expect(await labelOf("data_query", { source: "shop", sql })).toBe("untrusted");
    expect(await labelOf("data_query", { source: "own", sql })).not.toBe("untrusted");
    expect(await labelOf("data_sources", {})).toBe("untrusted");
  });
});

describe("parseCsv()", () => {
  test.each([
    [
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ['"x\ny","",z\r\n', [["x\ny", "", "z"]]],
    [
      "\uFEFFa,\n,b",
      [
        ["a", ""],
        ["", "b"],
      ],
    ],
    ["a,b,", [["a", "b", ""]]],
    ["", []],
  ])("reads %o", (text, rows) => {
    expect(parseCsv(text)).toEqual(rows);
  });
});
