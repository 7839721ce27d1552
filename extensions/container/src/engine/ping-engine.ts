import { fieldsOf, textOf } from "./fields.ts";
import type { EngineAddress } from "./engine-address.ts";
import { openEngine } from "./open-engine.ts";

/** Asks the engine who it is, such as `Docker 28.2.2`. Throws `container.*` when it does not answer. */
export async function pingEngine(
  options: { readonly engine?: EngineAddress },
  signal: AbortSignal,
): Promise<string> {
  const { Version, Components } = fieldsOf(
    await openEngine(options).ask({ method: "GET", path: "/version" }, signal),
  );
  const [first] = Array.isArray(Components) ? Components : [];
  return `${textOf(fieldsOf(first)["Name"]) || "an engine"} ${textOf(Version)}`.trim();
}
