/** A file whose content a command would execute. */
export interface ExecutedFile {
  /** The words of the command, joined by blanks. */
  readonly command: string;
  /** Absolute. Of a program that is found nowhere, its name. */
  readonly path: string;
  /** The program itself, or code and settings that it runs: a script, `package.json`, a Makefile. */
  readonly role: "program" | "code";
  /**
   * - `sha256:` and 64 hexadecimal digits
   * - `absent`: there is none; that it comes into being is a change
   * - `unread`: a program outside of the workspace, which is known by its path, or a file that is too large or cannot be read
   */
  readonly content: string;
  /** Whether it lies where the agent may have put it. */
  readonly inWorkspace: boolean;
}

/** The words of a command as {@link ExecutedFile} names them. */
export function commandKey(argv: readonly { readonly text: string }[]): string {
  return argv.map(({ text }) => text).join(" ");
}
