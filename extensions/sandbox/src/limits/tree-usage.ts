import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";

/** What a process and everything below it use, at one moment. */
export interface TreeUsage {
  /** Processes and threads. */
  readonly tasks: number;
  /** Of those that live and of those that were waited for. */
  readonly cpuSeconds: number;
  /**
   * Memory of its own, files in the folders that are memory and files of `memfd_create`, and what waits in the internet
   * sockets of a network of its own; what processes share counts once.
   */
  readonly memoryBytes: number;
}

/** Folders of a jail whose files are memory. */
const memoryFolders: readonly string[] = ["/tmp", "/run", "/dev/shm"];
const ticksPerSecond = 100;
/** More than this are counted, not looked at one by one. */
const maxProcesses = 5000;
/** Of one process. */
const maxDescriptors = 5000;
const blockBytes = 512;
/** Columns of `/proc/PID/net/tcp`: addresses, state, what is not sent yet and what is not read yet. */
const queues = /^\s*\d+: \S+ \S+ [\dA-F]{2} ([\dA-F]{8}):([\dA-F]{8}) /gmu;

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
  const hidden = new Map<string, number>();
  for (const pid of pids) {
    const threads = threadsOf(pid);
    tasks += threads.length;
    if (pids.length > maxProcesses) continue;
    for (const thread of threads) pids.push(...childrenOf(pid, thread));
    ticks += ticksOf(pid);
    upperBytes += bytesIn(`/proc/${pid}/status`, ["RssAnon", "RssShmem", "VmSwap"]);
    if (enoughBytes < Infinity) addMemoryFiles(pid, hidden);
  }
  if (tasks === 0) return undefined;
  const files = memoryFolders.reduce((sum, folder) => sum + usedBytes(root, folder), 0);
  const unnamed = hidden.values().reduce((sum, bytes) => sum + bytes, 0);
  const queued = enoughBytes < Infinity ? queuedBytes(root) : 0;
  const upper = upperBytes + files + unnamed + queued;
  return {
    tasks,
    cpuSeconds: ticks / ticksPerSecond,
    memoryBytes: upper <= enoughBytes ? upper : exactBytes(pids, files + unnamed) + queued,
  };
}

/** Files of `memfd_create` that a process holds open, by their inode: nothing shows them but their descriptors. */
function addMemoryFiles(pid: number, found: Map<string, number>): void {
  const folder = `/proc/${pid}/fd`;
  for (const name of namesIn(folder).slice(0, maxDescriptors)) {
    try {
      if (!readlinkSync(`${folder}/${name}`).startsWith("/memfd:")) continue;
      const { dev, ino, blocks } = statSync(`${folder}/${name}`);
      found.set(`${dev}:${ino}`, blocks * blockBytes);
    } catch {
      // closed, or the process is gone
    }
  }
}

/** What waits in the internet sockets of a jail's own network; 0 in the machine's, which has others' sockets, too. */
function queuedBytes(pid: number): number {
  try {
    if (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net")) return 0;
  } catch {
    return 0; // the jail is gone
  }
  let sum = 0;
  for (const protocol of ["tcp", "tcp6", "udp", "udp6"]) {
    for (const [, sent = "", received = ""] of (read(`/proc/${pid}/net/${protocol}`) ?? "").matchAll(queues))
      sum += Number.parseInt(sent, 16) + Number.parseInt(received, 16);
  }
  return sum;
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
  return namesIn(`/proc/${pid}/task`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
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
