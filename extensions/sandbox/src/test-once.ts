import type { ProbeResult } from "./probe.ts";

const tested = new Map<string, Promise<readonly ProbeResult[]>>();

/**
 * Tests each kind of sandbox once in this process: what a kernel keeps does not change while it runs. A failure is tried
 * again, since a person may have repaired it.
 */
export async function testOnce(
  kind: readonly unknown[],
  test: () => Promise<readonly ProbeResult[]>,
): Promise<readonly ProbeResult[]> {
  const key = JSON.stringify(kind);
  const pending = tested.get(key) ?? test();
  tested.set(key, pending);
  let isHeld = false;
  try {
    const results = await pending;
    isHeld = results.every(({ outcome }) => outcome !== "escaped");
    return results;
  } finally {
    if (!isHeld) tested.delete(key);
  }
}
