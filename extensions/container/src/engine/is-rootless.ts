import type { ContainerEngine } from "./container-engine.ts";
import { fieldsOf, textsOf } from "./fields.ts";

/** Whether the engine is an ordinary user, whom its containers call root. Throws `container.*`. */
export async function isRootless(engine: ContainerEngine, signal: AbortSignal): Promise<boolean> {
  const info = fieldsOf(await engine.ask({ method: "GET", path: "/info" }, signal));
  return textsOf(info["SecurityOptions"]).some((option) => option.includes("rootless"));
}
