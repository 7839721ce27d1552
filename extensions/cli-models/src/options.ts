import type { Price } from "@tau/core";

/**
 * Where the command finds its login: in a folder of the tenant's own below `tenantsIn` (absolute; made when it is
 * missing, for Tau's user alone), or, for a program that one person uses, in that person's own home.
 */
export type CliHome = { readonly tenantsIn: string } | "personal";

/** Limits of one call. All times in milliseconds, 0 means none. */
export interface CliLimits {
  /** From the start of the command to its first line. Default 60,000. */
  readonly startMs?: number;
  /** Between two pieces of output. Default 300,000: codex says nothing while it thinks. */
  readonly idleMs?: number;
  /** From the interrupt until the command and its children are killed. Default 3,000. */
  readonly stopMs?: number;
  /** Bytes of one line. Default 16 MiB. */
  readonly maxLineBytes?: number;
  /** Bytes of the whole output; also what is at most held in memory for a slow reader. Default 64 MiB. */
  readonly maxOutputBytes?: number;
}

/** Options that all commands have. */
export interface CliModelOptions {
  /** The model's id, as the command takes it; `default` leaves the choice to the command. */
  readonly model: string;
  readonly home: CliHome;
  /** The command's path, or its name on the PATH. Default the vendor's name for it. */
  readonly program?: string;
  /**
   * Variables for the command. It gets no others than these and a few harmless ones such as PATH and LANG: a
   * key in this process's environment would be billed by accident.
   */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: CliLimits;
  readonly price?: Price;
  /** Tokens the model can read. */
  readonly contextWindow?: number;
}
