/** Codes of the failures this package throws or names, beside those of `@tau/agent`. */
export const cliModelErrorCodes = {
  "model.cli_died":
    "The vendor's command ended before its answer was complete. The log has the end of its error output.",
  "model.cli_home":
    "The folder with a tenant's login cannot be made, or others may read or write it. Give it to Tau's user alone, mode 0700.",
  "model.cli_missing":
    "The vendor's command is not installed, or not on the PATH. Install it, or name its path as `program`.",
} as const;

/** A code of a failure of this package. */
export type CliModelErrorCode = keyof typeof cliModelErrorCodes;
