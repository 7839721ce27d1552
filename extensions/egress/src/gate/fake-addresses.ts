/** Addresses that stand for names. */
export interface FakeAddresses {
  nameOf(address: string): string | undefined;
  /** The address of a name, a new one when it has none; undefined when there are none left. */
  give(name: string): string | undefined;
}

/** Of the 65,534 that the network has; a program that asks for more names than this is up to something. */
const maxNames = 8_192;

/** Makes a pool over 127.1.0.0/16, part of loopback, where every address can be listened on without being set up. */
export function createFakeAddresses(): FakeAddresses {
  const addresses = new Map<string, string>();
  const names = new Map<string, string>();
  return {
    nameOf: (address) => names.get(address),
    give(name) {
      const known = addresses.get(name);
      if (known !== undefined || names.size >= maxNames) return known;
      const number = names.size + 1;
      const address = `127.1.${number >> 8}.${number & 0xff}`;
      addresses.set(name, address);
      names.set(address, name);
      return address;
    },
  };
}
