import type { EnvironmentProfile, ShownFile } from "@tau/tools";

/** What one command sees: everything that the arguments of bubblewrap are made of. Paths are real paths. */
export interface JailView {
  readonly profile: EnvironmentProfile;
  /** Whether the workspace can be written in this run. */
  readonly writable: boolean;
  readonly cwd: string;
  /** The command's own home, in the private /tmp; undefined leaves the real one. */
  readonly home: string | undefined;
  /** Where /etc/resolv.conf leads when that is below /run; without it there are no names in a granted network. */
  readonly resolver: string | undefined;
  /** Whether bubblewrap is started in a network that leads to listed hosts only, and must stay in it. */
  readonly gated: boolean;
  /** Files in the place of the machine's. */
  readonly replaced: readonly ShownFile[];
  /** Set inside of the jail, where they cannot act on bubblewrap itself. */
  readonly variables: Readonly<Record<string, string>>;
  /** Shown, not writable, in spite of the private /tmp and /run. */
  readonly shown: readonly string[];
  /** Replaced by an empty folder. */
  readonly maskedFolders: readonly string[];
  /** Covered by a device that cannot be opened. */
  readonly maskedFiles: readonly string[];
  /** Folders that cannot be renamed or removed, because something below them is protected. */
  readonly pinned: readonly string[];
  /** Shown as they are, not writable. */
  readonly readOnly: readonly string[];
  /** Who the command is, where bubblewrap itself runs as root of a user namespace. */
  readonly identity?: { readonly uid: number; readonly gid: number };
  /** Bytes that the private /tmp may hold. */
  readonly tmpBytes: number;
}
