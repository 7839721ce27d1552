/**
 * What a script finds: `tools.NAME(args)`, `callTool(name, args)`, `print(…)`. No clock and no chance, so that a script
 * that runs again after a crash makes the same calls, whose results are known.
 */
export const prelude = `(() => {
  const { __call: call, __print: print } = globalThis;
  delete globalThis.__call;
  delete globalThis.__print;
  class ToolError extends Error {
    constructor(message) { super(message); this.name = "ToolError"; }
  }
  const callTool = async (name, args = {}) => {
    const { text, isError } = JSON.parse(await call(String(name), JSON.stringify(args) ?? "{}"));
    if (isError) throw new ToolError(text);
    if (!/^\\s*[\\[{]/u.test(text)) return text;
    try { return JSON.parse(text); } catch { return text; }
  };
  const show = (value) => typeof value === "string" ? value : value instanceof Error ? String(value) : JSON.stringify(value) ?? String(value);
  const say = (...values) => print(values.map(show).join(" "));
  const tools = new Proxy(Object.freeze({}), {
    get: (_target, name) => typeof name === "string" && name !== "then" ? (args) => callTool(name, args) : undefined,
  });
  const none = (what) => () => { throw new Error("Scripts have no " + what + ": ask a tool, or compute it from what the tools say."); };
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args) => args.length === 0 ? none("clock")() : Reflect.construct(target, args),
    apply: none("clock"),
    get: (target, name) => name === "now" ? none("clock") : Reflect.get(target, name),
  });
  RealDate.prototype.constructor = globalThis.Date;
  Math.random = none("chance");
  Object.assign(globalThis, { tools, callTool, ToolError, print: say, console: { log: say, info: say, warn: say, error: say } });
})();`;
