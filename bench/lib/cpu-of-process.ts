import { readFile } from "node:fs/promises";

/** How Linux counts in `/proc`, on every machine that Node runs on. */
const msPerTick = 10;

/** CPU that a running process has taken so far, all of its threads, in ms to the next 10; NaN where there is no `/proc`. */
export async function cpuMsOfProcess(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // What stands in parentheses is the program's name, and may be anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * msPerTick;
  } catch {
    return Number.NaN;
  }
}
