import type { ExecChannel } from "../client/exec-channel.ts";
import type { KubeClient } from "../client/kube-client.ts";
import { workContainer } from "./pod-manifest.ts";

/** What a script said. */
export interface ShellAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** What a script is given. */
export interface ShellInput {
  readonly args?: readonly string[];
  readonly stdin?: Uint8Array;
  /** The input in answer to what the script said so far; undefined: wait for more. What it throws ends the script's input. */
  readonly reply?: (stdout: Buffer) => Uint8Array | undefined;
  /** Default: the one that may write. */
  readonly container?: string;
}

/** Runs scripts of ours in the pod. */
export type PodShell = (script: string, input: ShellInput, signal: AbortSignal) => Promise<ShellAnswer>;

/** Makes a {@link PodShell}. On abort the connection ends; the script ends with its input. */
export function createPodShell(client: KubeClient, namespace: string, pod: string): PodShell {
  return async (script, { args = [], stdin, reply, container = workContainer }, signal) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let heard = (): void => undefined;
    const channel = await client.exec(
      {
        namespace,
        pod,
        container,
        command: ["/bin/sh", "-c", script, "tau", ...args],
        stdin: stdin !== undefined || reply !== undefined,
        onOutput: (chunk, stream) => {
          (stream === "stdout" ? stdout : stderr).push(chunk);
          heard();
        },
      },
      signal,
    );
    const onAbort = (): void => channel.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      if (stdin !== undefined) await feed(channel, stdin);
      if (reply !== undefined) {
        const asked = new Promise<Uint8Array>((resolve, reject) => {
          heard = () => {
            try {
              const answer = reply(Buffer.concat(stdout));
              if (answer !== undefined) resolve(answer);
            } catch (error) {
              reject(error);
            }
          };
          heard(); // what came before anybody listened
        });
        await replyTo(channel, asked);
        heard = () => undefined;
      }
      const exitCode = await channel.done;
      return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
    } catch (error) {
      channel.close();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
}

/** A script may end without reading all of its input. */
async function feed(channel: ExecChannel, stdin: Uint8Array): Promise<void> {
  await Promise.race([channel.write(stdin), channel.done]);
  channel.closeInput();
}

async function replyTo(channel: ExecChannel, asked: Promise<Uint8Array>): Promise<void> {
  const answer = await Promise.race([asked, channel.done]);
  if (typeof answer !== "number") await feed(channel, answer);
}
