import type { ModelCapabilities, ModelRequest } from "@tau/agent";
import type { ModelIdentity } from "@tau/agent/adapter";
import type { JsonObject, ModelEvent } from "@tau/core";

import type { CliExit } from "./cli-process.ts";
import type { CallFolder } from "./home.ts";

/** How the command is started for one request. */
export interface CliInvocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The prompt goes here and nowhere else: arguments can be read by every user of the machine. */
  readonly stdin: string;
}

/** What is known of a failure. */
export interface CliFailure {
  /** An HTTP status that the command passes on. */
  readonly status?: number;
  /** The provider's or the command's name for it. */
  readonly type?: string;
  readonly message: string;
  /** The connection to the provider could not be made, or broke. */
  readonly disconnected?: boolean;
  readonly retryAfterMs?: number;
}

/** Reads what one command says. */
export interface CliReader {
  /**
   * What a line of JSON says; `finished` is the last of the events.
   *
   * @throws TauError of `@tau/agent`
   */
  read(line: JsonObject): readonly ModelEvent[];
  /** Why the command ended without `finished`; undefined when it did not say. */
  failure(exit: CliExit): CliFailure | undefined;
}

/** What differs between the commands of vendors. */
export interface CliProtocol {
  /** Also the default name of the program. */
  readonly command: string;
  readonly provider: string;
  /** What a person types to log in; shown when the login is missing. */
  readonly login: string;
  /** What a person types to install it. */
  readonly install: string;
  readonly capabilities: ModelCapabilities;
  invoke(request: ModelRequest, folder: CallFolder): Promise<CliInvocation>;
  createReader(identity: ModelIdentity): CliReader;
}
