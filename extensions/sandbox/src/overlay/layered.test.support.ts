import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { OwnedEnvironment, Transactions, WriteSet } from "@tau/tools";

import { createJail } from "../create-jail.ts";
import type { JailOptions } from "../jail-options.ts";
import { removeTree } from "./record.ts";

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

/** A jail with transactions over a small workspace, in a folder that commands can see. */
export interface Layered extends AsyncDisposable {
  readonly workspace: string;
  readonly store: string;
  readonly at: (path: string) => string;
  readonly jail: OwnedEnvironment;
  readonly transactions: Transactions;
  /** Runs a line of bash on a layer and holds it. */
  readonly hold: (line: string) => Promise<WriteSet>;
}

/** Makes a {@link Layered}. `place` is where its workspace lies, `/var/tmp` when absent. */
export async function layered(options: Partial<JailOptions> = {}, place = "/var/tmp"): Promise<Layered> {
  const base = await realpath(await mkdtemp("/var/tmp/tau-layer-test-"));
  const home = place === "/var/tmp" ? base : await realpath(await mkdtemp(join(place, "tau-layer-test-")));
  const [workspace, store] = [join(home, "workspace, with: odd names"), join(base, "store")];
  fillWorkspace(workspace);
  const profile = { access: "workspace-write", network: false, ...options.profile, workspace } as const;
  const jail = await createJail({ transactions: store, ...options, profile });
  const { transactions } = jail;
  if (transactions === undefined) throw new TypeError("The jail has no transactions.");
  return {
    workspace,
    store,
    jail,
    transactions,
    at: (path) => join(workspace, path),
    async hold(line) {
      await using transaction = await transactions.begin(line, never);
      await transaction.environment.exec({ argv: ["bash", "-c", line], timeoutMs: 20_000 }, never);
      return await transaction.hold({ said: line }, never);
    },
    async [Symbol.asyncDispose]() {
      await jail[Symbol.asyncDispose]();
      await removeTree(base);
      await removeTree(home);
    },
  };
}

/** Fills a folder with files, folders, links and modes that differ. */
function fillWorkspace(workspace: string): void {
  const files: Readonly<Record<string, string>> = {
    "a.txt": "one\ntwo\nthree\n",
    "b.txt": "bee\n",
    "tool.sh": "#!/bin/sh\necho hi\n",
    "deep/er/file": "deep\n",
    "deep/other": "other\n",
    "many/1": "1",
    "many/2": "2",
    "many/sub/3": "3",
    "päth with ünicode/x": "x",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  chmodSync(join(workspace, "tool.sh"), 0o755);
  mkdirSync(join(workspace, "empty"));
  symlinkSync("a.txt", join(workspace, "link"));
  symlinkSync("nowhere", join(workspace, "dangling"));
  symlinkSync("deep", join(workspace, "to-folder"));
}

/** Lines of bash that change a workspace in every way that layers have a special case for. */
const scripts: Readonly<Record<string, string>> = {
  "creates files and folders": "echo new > new; mkdir -p x/y/z; echo deep > x/y/z/f; mkdir hollow",
  "appends and truncates": "echo more >> a.txt; : > b.txt",
  "deletes a file": "rm b.txt",
  "deletes a tree": "rm -r many",
  "deletes inside of a folder": "rm many/1 many/sub/3",
  "replaces a folder by an empty one": "rm -r many; mkdir many",
  "replaces a folder by one with less": "rm -r many; mkdir many; echo 2 > many/2; echo 4 > many/4",
  "replaces a folder inside of one": "rm -r many/sub; mkdir many/sub; echo new > many/sub/new",
  "replaces a file by a folder": "rm a.txt; mkdir a.txt; echo x > a.txt/x",
  "replaces a folder by a file": "rm -r many; echo file > many",
  "replaces a file by a link": "rm a.txt; ln -s b.txt a.txt",
  "replaces a link by a file": "rm link; echo plain > link",
  "replaces a link to a folder by a folder": "rm to-folder; mkdir to-folder; echo x > to-folder/x",
  "turns a link": "ln -sfn b.txt link",
  "writes through a link": "echo through >> link",
  "writes through a link to a folder": "echo through > to-folder/new",
  "renames a file": "mv a.txt c.txt",
  "renames a file over another": "mv a.txt b.txt",
  "renames a folder": "mv many moved",
  "renames a folder into another": "mv many deep/many",
  "exchanges two names": "mv a.txt t; mv b.txt a.txt; mv t b.txt",
  "changes modes": "chmod 600 a.txt; chmod 700 tool.sh; chmod 755 b.txt",
  "changes the mode of a folder": "chmod 700 deep; echo in > deep/in; chmod 500 empty",
  "makes what nobody may read": "echo x > closed; chmod 0 closed; mkdir shut; echo y > shut/y; chmod 0 shut",
  "makes hard links": "ln a.txt hard; echo both >> hard",
  "replaces like an editor": "cp a.txt .a.swp; echo edited > .a.tmp; mv .a.tmp a.txt; rm .a.swp",
  "edits in place": "sed -i s/two/2/ a.txt",
  "names things oddly":
    "echo x > $'new\\nline'; echo y > 'quo\"te'; echo z > ' '; mkdir -- -rf; echo w > ./-rf/-x",
  "deletes everything": "rm -rf ./* .[!.]*",
  "deletes everything and begins anew": "rm -rf ./*; mkdir deep; echo new > deep/other; echo b > b.txt",
  "makes and removes": "echo x > t; rm t; mkdir u; rmdir u; rm b.txt; echo bee > b.txt",
  "unpacks over what is there":
    "tar cf /tmp/t.tar many deep; rm -r many; tar xf /tmp/t.tar; echo n > many/new",
  "uses git":
    "git init -q -b main sub; cd sub; echo x > f; git add f; git -c user.name=T -c user.email=t@example.com commit -qm one",
};

/** Every path below `folder` with its kind, mode and content; `git` objects by their names alone would differ by time. */
export function pictureOf(folder: string): Readonly<Record<string, string>> {
  const picture: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).toSorted()) {
      const inner = join(path, name);
      const place = join(folder, inner);
      const stats = lstatSync(place);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isSymbolicLink()) picture[inner] = `link ${readlinkSync(place)}`;
      else if (stats.isDirectory()) picture[inner] = `folder ${mode}`;
      else picture[inner] = `file ${mode} ${digestOf(place, stats.mode)}`;
      if (stats.isDirectory() && isOpen(stats.mode)) visit(inner);
    }
  };
  visit("");
  return picture;
}

function digestOf(place: string, mode: number): string {
  if (!isOpen(mode)) return "closed";
  return createHash("sha256").update(readFileSync(place)).digest("hex").slice(0, 12);
}

/** Root can read everything, others cannot: both get the same picture. */
function isOpen(mode: number): boolean {
  return (mode & 0o400) !== 0;
}

/** What running `line` in a folder of its own leaves there. */
async function picturePlainly(line: string): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp("/var/tmp/tau-plain-");
  try {
    fillWorkspace(folder);
    execFileSync("bash", ["-c", line], { cwd: folder, stdio: "ignore" });
    return pictureOf(folder);
  } finally {
    await removeTree(folder);
  }
}

/** Runs every script on a layer; says of each where it went wrong, in words. Empty: nowhere. */
export async function differences(): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, line] of Object.entries(scripts)) {
    await using fixture = await layered();
    const before = pictureOf(fixture.workspace);
    const set = await fixture.hold(line);
    const check = (
      when: string,
      is: Readonly<Record<string, string>>,
      should: Readonly<Record<string, string>>,
    ): void => {
      const [left, right] = [withoutGit(is), withoutGit(should)];
      if (left !== right) wrong.push(`${name}, ${when}:\n${left}\ninstead of\n${right}`);
    };
    check("held", pictureOf(fixture.workspace), before);
    if (set.changes.length === 0) {
      check("without a change", await picturePlainly(line), before);
      continue;
    }
    await fixture.transactions.commit(set.id, set.hash, never);
    check("committed", pictureOf(fixture.workspace), await picturePlainly(line));
    await fixture.transactions.undo(set.id, never);
    check("undone", pictureOf(fixture.workspace), before);
  }
  return wrong;
}

/** Git's own files carry the time; that they are there is enough. */
function withoutGit(picture: Readonly<Record<string, string>>): string {
  const rows = Object.entries(picture).filter(([path]) => !/\.git\/(objects|index|logs|refs)/u.test(path));
  return rows.map(([path, what]) => `${JSON.stringify(path)} ${what}`).join("\n");
}
