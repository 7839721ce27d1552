import type { Worker } from "node:worker_threads";

const intervalMs = 50;

/** Watches what a thread takes. Aborts `exceeded` when it is too much. */
export interface MemoryWatch extends Disposable {
  readonly exceeded: AbortSignal;
}

/**
 * Looks at the memory of a thread twenty times a second, whatever it is busy with. The limit that Node has for threads
 * does not count the contents of buffers, which is where a document unpacks to.
 */
export function watchMemory(worker: Worker, maxBytes: number): MemoryWatch {
  const exceeded = new AbortController();
  let looking = false;
  const look = async (): Promise<void> => {
    const { used_heap_size: heap, external_memory: buffers } = await worker.getHeapStatistics();
    if (heap + buffers > maxBytes) exceeded.abort();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    // A thread that is not up yet, or not any more, has no memory.
    look().then(
      () => (looking = false),
      () => (looking = false),
    );
  }, intervalMs);
  return {
    exceeded: exceeded.signal,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
