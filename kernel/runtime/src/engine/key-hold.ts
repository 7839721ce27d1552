import type { Lease, Leases } from "../lease.ts";

/** This process's claim on a key, while it has one. */
export class KeyHold {
  readonly #leases: Leases;
  readonly #tenant: string;
  readonly #name: string;
  readonly #onLost: () => void;
  #lease: Lease | undefined;
  #acquiring: Promise<boolean> | undefined;
  #term = 0;
  #confirmedTerm = 0;

  constructor(
    leases: Leases,
    { tenant, stream }: { readonly tenant: string; readonly stream: string },
    onLost: () => void,
  ) {
    this.#leases = leases;
    this.#tenant = tenant;
    this.#name = stream;
    this.#onLost = onLost;
  }

  get held(): boolean {
    return this.#lease !== undefined;
  }

  get lost(): boolean {
    return this.#lease?.lost.aborted === true;
  }

  /** Counts the times that the key was acquired. */
  get term(): number {
    return this.#term;
  }

  /** Whether the state is known to be the stream's, on which nobody else makes runs while the key is held. */
  get isCurrent(): boolean {
    return this.held && this.#confirmedTerm === this.#term;
  }

  /** Says that the state was the stream's at a moment after this term began. */
  confirm(term: number): void {
    this.#confirmedTerm = term;
  }

  /** Claims the key unless that was done; false while another process has it. */
  acquire(): Promise<boolean> {
    if (this.held) return Promise.resolve(true);
    this.#acquiring ??= this.#acquire().finally(() => {
      this.#acquiring = undefined;
    });
    return this.#acquiring;
  }

  async release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    lease.lost.removeEventListener("abort", this.#onLost);
    await lease[Symbol.asyncDispose]();
  }

  async #acquire(): Promise<boolean> {
    const lease = await this.#leases.acquire(this.#tenant, this.#name);
    if (lease === undefined) return false;
    this.#lease = lease;
    this.#term++;
    lease.lost.addEventListener("abort", this.#onLost, { once: true });
    return true;
  }
}
