import type { ExecRequest, ExecResult, GatePass, NetworkGate } from "@tau/tools";

/**
 * Runs a command with a pass of the gate, and tells it afterwards what the gate refused. Without a gate, and for commands
 * that need no network, there is no pass, and so no network.
 */
export async function gatedRun(
  gate: NetworkGate | undefined,
  request: ExecRequest,
  signal: AbortSignal,
  run: (pass: GatePass | undefined) => Promise<ExecResult>,
): Promise<ExecResult> {
  if (gate === undefined || request.network === false) return await run(undefined);
  const { callId } = request;
  const pass = await gate.enter(callId === undefined ? {} : { callId }, signal);
  try {
    return await run(pass);
  } finally {
    for (const refusal of pass.leave()) request.onOutput?.(Buffer.from(`tau: ${refusal}\n`), "stderr");
  }
}
