import { isTauError } from "@tau/core";

/** Why a file was not read, after a blank, where Tau knows: it is too large, or no file. The system's own words are not shown. */
export function unfitReason(error: unknown): string {
  return isTauError(error) && error.code === "file.unfit" ? ` ${error.message}` : "";
}
