import { extraTools, isUsed } from "../extra-tools.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Looks whether the optional tools that are on have what they need. */
export async function* checkTools(settings: Settings): AsyncGenerator<Finding> {
  for (const row of extraTools) {
    if (!isUsed(row, settings)) continue;
    try {
      const { result, detail } = await (await row.load()).check(settings);
      yield { check: "tools", result, detail: `${row.name}: ${detail}` };
    } catch (error) {
      yield faultOf("tools", error);
    }
  }
}
