import { canSeeTrees } from "./tree-usage.ts";

/** What of the limits of a whole command is not held to the letter on this machine, each a few words. */
export function limitGaps(): readonly string[] {
  if (!canSeeTrees())
    return [
      "limits hold each process alone, not all that a command started: this kernel does not tell whose children they are (CONFIG_PROC_CHILDREN)",
    ];
  return [
    "memory and processor time of all that a command started are looked at 20 times a second, not held by the kernel; what waits in unix sockets and pipes is not counted",
  ];
}
