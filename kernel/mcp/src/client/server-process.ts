/** A server that was started, as `Environment.start` of `@tau/tools` answers it. */
export interface ServerProcess {
  readonly exit: Promise<{ readonly exitCode: number }>;
  write(data: string): Promise<void>;
  closeInput(): void;
  kill(): Promise<void>;
}

/** Where servers run; every `Environment` of `@tau/tools` is one. */
export interface ServerHost {
  start(
    request: {
      readonly argv: readonly [string, ...string[]];
      readonly env?: Readonly<Record<string, string>>;
      readonly onOutput?: (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
    },
    signal: AbortSignal,
  ): Promise<ServerProcess>;
}
