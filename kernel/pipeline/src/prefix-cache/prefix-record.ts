/** What is known of a prefix that a provider keeps for one tenant. */
export interface PrefixRecord {
  /** SHA-256 over tenant, scopes, the model with its address and settings, and the prefix itself: equal prompts share it, tenants never. */
  readonly id: string;
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  readonly handle: string;
  readonly tokens: number;
  /** Messages that it covers, beside the instructions. */
  readonly messages: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * Where records outlive the process, so that what it made at the provider is neither paid for twice nor left behind.
 *
 * Contract, checked by `describePrefixBook()`: `all` answers what was put and not removed; a record is put again
 * under its id.
 */
export interface PrefixBook {
  all(): Promise<readonly PrefixRecord[]>;
  put(record: PrefixRecord): Promise<void>;
  remove(tenant: string, id: string): Promise<void>;
}

/** Makes a {@link PrefixBook} that forgets everything when the process ends. */
export function createMemoryPrefixBook(): PrefixBook {
  const records = new Map<string, PrefixRecord>();
  return {
    all: async () => [...records.values()],
    async put(record) {
      records.set(record.id, record);
    },
    async remove(_tenant, id) {
      records.delete(id);
    },
  };
}
