import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";

/** What a process and everything below it use, at one moment. */
export interface TreeUsage {
  /** Processes and threads. */
  readonly tasks: number;
  /** Of those that live and of those that were waited for. */
  readonly cpuSeconds: number;
  /** Memory of its own, and files in the folders that are memory; what processes share counts once. */
  readonly memoryBytes: number;
}

/** Folders of a jail whose files are memory. */
const memoryFolders: readonly string[] = ["/tmp", "/run", "/dev/shm"];
const ticksPerSecond = 100;
/** More than this are counted, not looked at one by one. */
const maxProcesses = 5000;

/** Whether the kernel says which children a process has (`CONFIG_PROC_CHILDREN`). */
export function canSeeTrees(): boolean {
  return read(`/proc/${process.pid}/task/${process.pid}/children`) !== undefined;
}

/**
 * Looks at the process `root` and everything below it; undefined when it is dead. `enoughBytes` is what memory is
 * compared with: below it a cheap upper bound is answered.
 */
export function treeUsage(root: number, enoughBytes: number): TreeUsage | undefined {
  const pids: number[] = [root];
  let tasks = 0;
  let ticks = 0;
  let upperBytes = 0;
  for (const pid of pids) {
    const threads = threadsOf(pid);
    tasks += threads.length;
    if (pids.length > maxProcesses) continue;
    for (const thread of threads) pids.push(...childrenOf(pid, thread));
    ticks += ticksOf(pid);
    upperBytes += bytesIn(`/proc/${pid}/status`, ["RssAnon", "RssShmem", "VmSwap"]);
  }
  if (tasks === 0) return undefined;
  const files = memoryFolders.reduce((sum, folder) => sum + usedBytes(root, folder), 0);
  const upper = upperBytes + files;
  return {
    tasks,
    cpuSeconds: ticks / ticksPerSecond,
    memoryBytes: upper <= enoughBytes ? upper : exactBytes(pids, files),
  };
}

/** Shared pages count once. A file that is mapped from a memory folder is in both sums, so the larger one counts. */
function exactBytes(pids: readonly number[], files: number): number {
  let own = 0;
  let shared = 0;
  for (const pid of pids) {
    const path = `/proc/${pid}/smaps_rollup`;
    own += bytesIn(path, ["Pss_Anon", "SwapPss"]);
    shared += bytesIn(path, ["Pss_Shmem"]);
  }
  return own + Math.max(shared, files);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // dead
  }
}

function childrenOf(pid: number, thread: string): readonly number[] {
  const text = read(`/proc/${pid}/task/${thread}/children`)?.trim() ?? "";
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Processor time of a process and of its children that it waited for. */
function ticksOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** The sum of rows such as `RssAnon:   1024 kB`. */
function bytesIn(path: string, names: readonly string[]): number {
  const text = read(path) ?? "";
  let sum = 0;
  for (const [, name = "", kilobytes] of text.matchAll(/^(\w+):\s+(\d+) kB$/gmu)) {
    if (names.includes(name)) sum += Number(kilobytes) * 1024;
  }
  return sum;
}

/** What lies in a folder of the jail's own; 0 while that is still the machine's. */
function usedBytes(pid: number, folder: string): number {
  const inside = `/proc/${pid}/root${folder}`;
  try {
    if (statSync(inside).dev === statSync(folder).dev) return 0;
    const { blocks, bfree, bsize } = statfsSync(inside);
    return (blocks - bfree) * bsize;
  } catch {
    return 0; // not there, or the jail is gone
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
