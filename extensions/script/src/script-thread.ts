/** The thread in which scripts run: one script, then it ends. */
import { parentPort } from "node:worker_threads";

import releaseSync from "@jitl/quickjs-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant } from "quickjs-emscripten-core";
import type {
  QuickJSContext,
  QuickJSDeferredPromise,
  QuickJSHandle,
  QuickJSSyncVariant,
} from "quickjs-emscripten-core";

import { prelude } from "./prelude.ts";
import type { FromThread, RunRequest, ToThread } from "./protocol.ts";

/** A deeper recursion ends with an error of the script, and not of the engine. */
const maxStackBytes = 256 * 1_024;

const port = parentPort;
if (port === null) throw new TypeError("This file runs as a thread.");
const send = (message: FromThread): void => port.postMessage(message);

const waiting = new Map<number, QuickJSDeferredPromise>();
let context: QuickJSContext | undefined;

port.on("message", (message: ToThread) => {
  if (message.type === "run") {
    run(message).then(
      (end) => finish(end),
      (error: unknown) => finish({ error: String(error) }),
    );
  } else {
    const promise = waiting.get(message.id);
    waiting.delete(message.id);
    if (context === undefined || promise === undefined) return;
    const { text, isError } = message;
    context.newString(JSON.stringify({ text, isError })).consume((value) => promise.resolve(value));
    context.runtime.executePendingJobs();
  }
});

let printed = "";

function finish(end: { readonly value?: string; readonly error?: string }): void {
  send({ type: "end", printed, ...end });
  port?.close();
}

async function run(request: RunRequest): Promise<{ readonly value?: string; readonly error?: string }> {
  const engine = await newQuickJSWASMModuleFromVariant(variantOf(releaseSync));
  const vm = engine.newContext();
  context = vm;
  vm.runtime.setMemoryLimit(request.memoryBytes);
  vm.runtime.setMaxStackSize(maxStackBytes);
  provide(vm, request.maxPrintedChars);
  vm.unwrapResult(vm.evalCode(prelude, "tau.js")).dispose();
  // The script begins on line 1, so that its errors name the line as the model counts it.
  const wrapped = `(async () => { const value = await (async () => {${request.code}\n})(); return value === undefined ? undefined : JSON.stringify(value); })()`;
  const started = vm.evalCode(wrapped, "script.js");
  if (started.error !== undefined) return { error: describe(vm, started.error) };
  const ended = vm.resolvePromise(started.value);
  vm.runtime.executePendingJobs();
  const result = await ended;
  if (result.error !== undefined) return { error: describe(vm, result.error) };
  const value: unknown = vm.dump(result.value);
  return typeof value === "string" ? { value } : {};
}

/** Its types say CommonJS, where a default would be wrapped; what Node loads is a module. */
function variantOf(loaded: unknown): QuickJSSyncVariant {
  if (!isVariant(loaded)) throw new TypeError("The engine's package has another shape than expected.");
  return loaded;
}

function isVariant(value: unknown): value is QuickJSSyncVariant {
  return typeof value === "object" && value !== null && "type" in value && value.type === "sync";
}

function provide(vm: QuickJSContext, maxPrintedChars: number): void {
  let lastId = 0;
  vm.newFunction("__call", (name, args) => {
    const promise = vm.newPromise();
    lastId += 1;
    waiting.set(lastId, promise);
    send({ type: "call", id: lastId, name: vm.getString(name), args: vm.getString(args) });
    return promise.handle;
  }).consume((handle) => vm.setProp(vm.global, "__call", handle));
  vm.newFunction("__print", (line) => {
    if (printed.length < maxPrintedChars) printed += `${vm.getString(line)}\n`.slice(0, maxPrintedChars);
  }).consume((handle) => vm.setProp(vm.global, "__print", handle));
}

/** What was thrown, with where. */
function describe(vm: QuickJSContext, handle: QuickJSHandle): string {
  const error: unknown = vm.dump(handle);
  if (typeof error !== "object" || error === null) return `threw ${JSON.stringify(error)}`;
  const text = (name: string): string => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? value : "";
  };
  const line = /script\.js:(\d+)/u.exec(text("stack"))?.[1];
  return `${text("name") || "Error"}: ${text("message")}${line === undefined ? "" : ` (line ${line})`}`;
}
