import type { ExecRequest, ExecResult, GatePass, NetworkGate, StartRequest } from "@tau/tools";

/** A command's way through the gate. */
export interface GateEntry {
  /** Undefined: no network. */
  readonly pass: GatePass | undefined;
  /** Tells the command's listener what the gate refused; to be called once the command has ended. */
  leave(): void;
}

/** Gets a pass of the gate. Without a gate, and for commands that need no network, there is no pass. */
export async function enterGate(
  gate: NetworkGate | undefined,
  request: StartRequest,
  signal: AbortSignal,
): Promise<GateEntry> {
  if (gate === undefined || request.network === false) return { pass: undefined, leave: () => undefined };
  const { callId } = request;
  const pass = await gate.enter(callId === undefined ? {} : { callId }, signal);
  return {
    pass,
    leave() {
      for (const refusal of pass.leave()) request.onOutput?.(Buffer.from(`tau: ${refusal}\n`), "stderr");
    },
  };
}

/** Runs a command with a pass of the gate, and tells it afterwards what the gate refused. */
export async function gatedRun(
  gate: NetworkGate | undefined,
  request: ExecRequest,
  signal: AbortSignal,
  run: (pass: GatePass | undefined) => Promise<ExecResult>,
): Promise<ExecResult> {
  const { pass, leave } = await enterGate(gate, request, signal);
  try {
    return await run(pass);
  } finally {
    leave();
  }
}
