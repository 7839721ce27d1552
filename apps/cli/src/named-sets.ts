import type { ParsedArgs } from "./command.ts";
import { textOption } from "./command.ts";
import { faultOf } from "./doctor/finding.ts";
import { extraTools, isUsed } from "./extra-tools.ts";
import { plain } from "./plain-text.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** Says on standard error what is missing of the sets that `--with` names: whoever asks for one expects it to work. */
export async function warnOfNamedSets(
  args: ParsedArgs,
  settings: Settings,
  { stderr }: Terminal,
): Promise<void> {
  const named = textOption(args, "with")?.split(",") ?? [];
  for (const row of extraTools) {
    if (!named.some((name) => name.trim() === row.name) || !isUsed(row, settings)) continue;
    const file = await row.load();
    if (file.isQuickToCheck !== true) continue;
    const { result, detail } = await file.check(settings).catch((error: unknown) => faultOf("tools", error));
    if (result !== "ok") stderr.write(`--with ${row.name}: ${plain(detail)}\n`);
  }
}
