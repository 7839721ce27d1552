import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { DescMessage } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  ContextEntrySchema,
  enumOf,
  ErrorEventSchema,
  RuntimeService,
  StatusEventSchema,
  TokenEventSchema,
  ToolCallEventSchema,
  SessionStatus,
  sessionStatusOf,
  SideEffectClass,
  wordOf,
} from "./index.ts";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const binFolder = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
let folder = "";

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs buf in `cwd`, without network. */
async function buf(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const env = {
    PATH: `${binFolder}${delimiter}${process.env["PATH"] ?? ""}`,
    BUF_CACHE_DIR: join(folder, "cache"),
  };
  return await new Promise((resolve) => {
    execFile(join(binFolder, "buf"), args, { cwd, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** Copies the contract to a folder of its own, where a test may damage it. */
async function copyOfContract(name: string): Promise<string> {
  const copy = join(folder, name);
  for (const part of ["tau", "buf.yaml", "buf.gen.yaml", "baseline.binpb"]) {
    await cp(join(packageFolder, part), join(copy, part), { recursive: true });
  }
  return copy;
}

async function replaceIn(file: string, old: string, replacement: string): Promise<void> {
  const text = await readFile(file, "utf8");
  expect(text).toContain(old);
  await writeFile(file, text.replace(old, replacement));
}

async function readTree(root: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(root.length)] = await readFile(path, "utf8");
  }
  return files;
}

function numbersOf(message: DescMessage): string {
  return message.fields.map((field) => `${field.name}=${field.number}`).join(" ");
}

function shape(name: keyof typeof RuntimeService.method): string {
  const { input, output, methodKind } = RuntimeService.method[name];
  return `${methodKind}(${numbersOf(input)}) -> ${numbersOf(output)}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tau-proto-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("the contract", () => {
  it("keeps the calls and field numbers of the original concept", () => {
    expect(RuntimeService.typeName).toBe("tau.runtime.v1.RuntimeService");
    expect(shape("createSession")).toMatch(/^unary\(bootstrap_context=1 .*\) -> session_id=1 /);
    expect(shape("run")).toMatch(
      /^server_streaming\(session_id=1 prompt=2 .*\) -> token=1 tool_call=2 status=3 error=4 /,
    );
    expect(shape("injectContext")).toBe("unary(session_id=1 entries=2) -> ");
    expect(shape("getSession")).toMatch(/^unary\(session_id=1\) -> session_id=1 status=2 /);
    expect(numbersOf(TokenEventSchema)).toBe("text=1");
    expect(numbersOf(ToolCallEventSchema)).toMatch(/^tool_name=1 arguments=2 result=3 /);
    expect(numbersOf(StatusEventSchema)).toMatch(/^status=1 message=2 /);
    expect(numbersOf(ErrorEventSchema)).toMatch(/^code=1 message=2 /);
    expect(numbersOf(ContextEntrySchema)).toMatch(/^key=1 content=2 content_type=3 /);
    const { ACTIVE, RUNNING, COMPLETED, ERROR } = SessionStatus;
    expect([ACTIVE, RUNNING, COMPLETED, ERROR]).toEqual([1, 2, 3, 4]);
  });

  it("passes buf lint and buf format", async () => {
    expect(await buf(packageFolder, "lint")).toEqual({ code: 0, output: "" });
    expect(await buf(packageFolder, "format", "--diff", "--exit-code")).toEqual({ code: 0, output: "" });
  });

  it("breaks nothing that the baseline promised", async () => {
    expect(await buf(packageFolder, "breaking", "--against", "baseline.binpb")).toEqual({
      code: 0,
      output: "",
    });
  });

  it.each([
    ["a renumbered field", "string prompt = 2;", "string prompt = 9;"],
    ["a changed type", "string prompt = 2;", "bytes prompt = 2;"],
    ["a removed call", "  rpc CancelRun(CancelRunRequest) returns (CancelRunResponse);\n", ""],
  ])("would not let %s pass", async (name, old, replacement) => {
    const copy = await copyOfContract(name.replaceAll(" ", "-"));
    await replaceIn(join(copy, "tau/runtime/v1/runtime.proto"), old, replacement);
    const { code, output } = await buf(copy, "breaking", "--against", "baseline.binpb");
    expect(code).toBe(100);
    expect(output).toContain("runtime.proto");
  });

  it("would not let a field without a comment pass", async () => {
    const copy = await copyOfContract("no-comment");
    await replaceIn(
      join(copy, "tau/runtime/v1/runtime.proto"),
      "  // Why, for the record. At most 1,000 characters.\n",
      "",
    );
    const { code, output } = await buf(copy, "lint");
    expect(code).toBe(100);
    expect(output).toContain('Field "reason" should have a non-empty comment');
  });

  it("generates exactly the committed code", async () => {
    const copy = await copyOfContract("generate");
    expect(await buf(copy, "generate")).toEqual({ code: 0, output: "" });
    expect(await readTree(join(copy, "src/gen"))).toEqual(await readTree(join(packageFolder, "src/gen")));
  });
});

describe("words", () => {
  it("go to enums and back", () => {
    expect(enumOf(SideEffectClass, "pure")).toBe(SideEffectClass.PURE);
    expect(wordOf(SideEffectClass, SideEffectClass.IRREVERSIBLE)).toBe("irreversible");
    expect(wordOf(SideEffectClass, SideEffectClass.UNSPECIFIED)).toBeUndefined();
    expect(wordOf(SideEffectClass, 77)).toBeUndefined();
    expect(Object.keys(sessionStatusOf)).toEqual([
      "created",
      "running",
      "waiting",
      "completed",
      "failed",
      "cancelled",
    ]);
  });
});
