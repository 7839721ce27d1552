import { loadEnvironment } from "../environment-kinds.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Tries to get out of the place where commands of a run would be. */
export async function* checkSandbox(settings: Settings): AsyncGenerator<Finding> {
  try {
    yield* (await loadEnvironment(settings.environment)).check(settings);
  } catch (error) {
    yield faultOf("sandbox", error);
  }
}
