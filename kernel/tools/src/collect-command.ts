import { createOutputCollector } from "./builtin/output-collector.ts";
import type { Environment, ExecRequest, ExecResult } from "./environment.ts";

/** What a command did and said. */
export interface CollectedCommand extends ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

const headBytes = 4_000_000;
const tailBytes = 1_000_000;

/** Runs a command and keeps what it says: up to 5 MB of its output and 100 KB of its errors. */
export async function collectCommand(
  environment: Pick<Environment, "exec">,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<CollectedCommand> {
  const stdout = createOutputCollector(headBytes, tailBytes);
  const stderr = createOutputCollector(50_000, 50_000);
  const result = await environment.exec(
    {
      ...request,
      onOutput: (chunk, stream) => {
        (stream === "stdout" ? stdout : stderr).add(chunk);
        request.onOutput?.(chunk, stream);
      },
    },
    signal,
  );
  return { ...result, stdout: stdout.toText(), stderr: stderr.toText() };
}
