/** Codes of the failures this package throws. */
export const sandboxErrorCodes = {
  "sandbox.escape":
    "The self-test of the jail got out of it, so no command is run. The message names the probes; report it, and update bubblewrap and the kernel.",
  "sandbox.unavailable":
    "The jail cannot be set up on this machine. The message says what to install or to allow; or choose the host environment knowingly.",
} as const;
