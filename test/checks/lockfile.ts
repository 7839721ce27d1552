/** The part of an entry of package-lock.json that the checks read. */
export interface LockEntry {
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The `packages` of a lockfile, by folder. */
export type LockPackages = Readonly<Record<string, LockEntry>>;

/** An optional dependency without an entry. */
export interface MissingOptional {
  /** Where its entry belongs. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly wantedBy: string;
}

/** Finds optional dependencies that a package of the lockfile names and that have no entry of their own. */
export function findMissingOptionals(packages: LockPackages): readonly MissingOptional[] {
  return Object.entries(packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies).flatMap(([name, version]) => {
      const found = nearestEntry(packages, wantedBy, name);
      const isExact = /^\d/.test(version);
      if (found !== undefined && (!isExact || packages[found]?.version === version)) return [];
      const path = found === undefined ? `node_modules/${name}` : `${wantedBy}/node_modules/${name}`;
      return [{ path, name, version, wantedBy }];
    }),
  );
}

/** The entry that Node would find for `name` from `folder`: the one in the nearest node_modules. */
export function nearestEntry(packages: LockPackages, folder: string, name: string): string | undefined {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (path in packages) return path;
    if (at === "") return undefined;
  }
}
