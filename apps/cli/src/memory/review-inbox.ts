import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { clip, plainJson } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { writeLine } from "../terminal.ts";
import { proposalLine, proposalText } from "./memory-lines.ts";
import type { MemoryRequest } from "./memory-request.ts";

/** Lists what waits. */
export async function listProposals({ memory, terminal, json, signal }: MemoryRequest): Promise<number> {
  const proposals = await memory.inbox.list(signal);
  const style = createStyle(terminal);
  for (const proposal of proposals)
    writeLine(terminal, json ? plainJson(proposal) : proposalLine(proposal, style));
  if (json) return exitCodes.ok;
  writeLine(
    terminal,
    proposals.length === 0
      ? "Nothing waits."
      : "\nTo look at one and let it in, or not: tau memory inbox approve ID, tau memory inbox reject ID",
  );
  return exitCodes.ok;
}

/** Shows a proposal, every character of it, and lets it in or throws it away. */
export async function decideProposal(
  request: MemoryRequest,
  decision: "approve" | "reject",
  id: string,
): Promise<number> {
  const { memory, terminal, signal } = request;
  const proposal = await memory.inbox.get(id, signal);
  for (const line of proposalText(proposal)) writeLine(terminal, line);
  if (decision === "reject") {
    await memory.inbox.reject(id, signal);
    writeLine(terminal, "Thrown away.");
    return exitCodes.ok;
  }
  if (!(await confirmed(request, "Let agents believe this from now on?"))) {
    writeLine(terminal, "It still waits; nothing was changed.");
    return exitCodes.denied;
  }
  const path = await memory.inbox.approve(proposal, { person: localContext(terminal).principal }, signal);
  writeLine(terminal, `Remembered: ${clip(path, 200)}.`);
  return exitCodes.ok;
}
