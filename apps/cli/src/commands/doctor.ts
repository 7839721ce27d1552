import { agentOptions } from "../agent-options.ts";
import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { inspectSandbox } from "../doctor/inspect-sandbox.ts";
import { runChecks } from "../doctor/run-checks.ts";
import { exitCodes } from "../exit-codes.ts";
import { plain, plainJson } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";

/** `tau doctor`: is this machine ready? */
export const doctorCommand: Command = {
  usage: "doctor [options]",
  description: `Checks what Tau needs: Node, the configuration, the sandbox (by trying to escape from it), the store and a
model provider. Makes no model call. Exit code 5 when something is wrong.
${homeNote}`,
  options: {
    ...agentOptions,
    sandbox: {
      type: "boolean",
      help: "Look at the sandbox alone: what it enforces, and every known way out of it, tried.",
    },
    json: { type: "boolean", help: "Print every finding as a line of JSON." },
  },
  maxWords: 0,
  examples: ["tau doctor", "tau doctor --sandbox", "tau doctor --json", "tau doctor --environment host"],

  async run(args, terminal) {
    const json = flagOption(args, "json");
    const style = createStyle(terminal);
    let faults = 0;
    for await (const { check, result, detail } of (flagOption(args, "sandbox") ? inspectSandbox : runChecks)(
      args,
      terminal,
    )) {
      if (result === "fault") faults += 1;
      if (json) writeLine(terminal, plainJson({ check, result, detail }));
      else {
        const mark = { ok: style("green", "✓"), note: style("dim", "·"), fault: style("red", "✗") }[result];
        const text = plain(detail).replaceAll("\n", `\n${" ".repeat(12)}`);
        writeLine(terminal, `${mark} ${check.padEnd(9)} ${result === "note" ? style("dim", text) : text}`);
      }
    }
    const verdict =
      faults === 0 ? "Everything is ready." : `${faults === 1 ? "1 fault" : `${faults} faults`}.`;
    if (!json) writeLine(terminal, style(faults === 0 ? "green" : "red", `\n${verdict}`));
    return faults === 0 ? exitCodes.ok : exitCodes.unhealthy;
  },
};
