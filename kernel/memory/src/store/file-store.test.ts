import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createFolder, signal } from "../memory.test.support.ts";
import { describeMemoryStore } from "../testing/index.ts";
import { createFileStore } from "./file-store.ts";
import { memoryLimits } from "./memory-store.ts";

describeMemoryStore("createFileStore()", async (maxFiles = 100) => {
  const folder = await mkdtemp(join(tmpdir(), "tau-file-store-"));
  return {
    store: createFileStore({ folder, tenant: "acme", maxFiles }),
    another: () => Promise.resolve(createFileStore({ folder, tenant: "acme" })),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});

const secret = "SECRET";

/** A memory beside a secret, with every kind of way that leads to it. */
async function createTrap(): Promise<string> {
  const folder = await createFolder();
  const memory = join(folder, "acme/memory");
  await mkdir(join(memory, "in"), { recursive: true });
  await mkdir(join(folder, "acme/skills"));
  await mkdir(join(folder, "secret"));
  await writeFile(join(memory, "a.md"), "ok");
  await writeFile(join(folder, "secret.txt"), secret);
  await writeFile(join(folder, "secret/a.md"), secret);
  await symlink("../../secret.txt", join(memory, "link.md"));
  await symlink(join(folder, "secret.txt"), join(memory, "absolute.md"));
  await symlink("../../secret", join(memory, "folder"));
  await symlink("..", join(memory, "in/up"));
  await link(join(folder, "secret.txt"), join(memory, "hard.md"));
  await symlink("../secret", join(folder, "acme/agents"));
  execFileSync("mkfifo", [join(memory, "pipe")]);
  return folder;
}

const traps = ["link.md", "absolute.md", "folder/a.md", "in/up/skills/x.md", "hard.md", "pipe"].map(
  (path) => `memory/${path}`,
);

describe("createFileStore()", () => {
  test("reads nothing through links, second names and pipes, and does not list them", async () => {
    const store = createFileStore({ folder: await createTrap(), tenant: "acme" });

    expect((await store.list("", signal)).map(({ path }) => path)).toEqual(["memory/a.md"]);
    for (const path of [...traps, "agents/a.md"])
      await expect(store.load(path, signal)).rejects.toMatchObject({ code: "memory.refused_file" });
    for (const prefix of ["memory/folder/", "memory/in/up/", "agents/"])
      expect(await store.list(prefix, signal)).toEqual([]);
  });

  test("writes nothing through links", async () => {
    const folder = await createTrap();
    const store = createFileStore({ folder, tenant: "acme" });

    for (const path of [
      "memory/link.md",
      "memory/folder/a.md",
      "memory/folder/new.md",
      "memory/in/up/x.md",
      "agents/a.md",
    ]) {
      await expect(store.save(path, "mine", {}, signal)).rejects.toMatchObject({
        code: "memory.refused_file",
      });
      await expect(store.rename("memory/a.md", path, signal)).rejects.toMatchObject({
        code: expect.stringMatching(/^memory\.(?:refused_file|exists)$/u),
      });
    }
    await expect(store.delete("memory/folder/a.md", {}, signal)).rejects.toMatchObject({
      code: "memory.refused_file",
    });
    // A second name is given up when its file is written anew; what else has that name stays.
    await store.save("memory/hard.md", "mine", {}, signal);

    expect(await readFile(join(folder, "secret.txt"), "utf8")).toBe(secret);
    expect(await readdir(join(folder, "secret"))).toEqual(["a.md"]);
    expect(await readFile(join(folder, "secret/a.md"), "utf8")).toBe(secret);
    expect((await store.load("memory/hard.md", signal)).text).toBe("mine");
  });

  test("deletes the link and not what it leads to", async () => {
    const folder = await createTrap();
    const store = createFileStore({ folder, tenant: "acme" });

    await store.delete("memory/link.md", {}, signal);

    expect(await readdir(join(folder, "acme/memory"))).not.toContain("link.md");
    expect(await readFile(join(folder, "secret.txt"), "utf8")).toBe(secret);
  });

  test("hands out nothing from outside, whatever the path", async () => {
    const folder = await createTrap();
    const store = createFileStore({ folder, tenant: "acme" });
    const name = fc.constantFrom(
      "..",
      ".",
      "",
      "memory",
      "acme",
      "secret",
      "secret.txt",
      "a.md",
      "folder",
      "in",
      "up",
      "link.md",
      "%2e%2e",
      "..\\",
      folder,
      "hard.md",
      "agents",
    );
    const path = fc.oneof(
      fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join("/")),
      fc.string(),
    );

    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const read = await store.load(asked, signal).then(
          ({ text }) => text,
          (error: unknown) => error,
        );
        if (typeof read === "string") expect(read).toBe("ok");
        else expect(read).toMatchObject({ code: expect.stringMatching(/^memory\./u) });
      }),
      { numRuns: 1_000, examples: [["memory/a.md"]] },
    );
  });

  test("gains nobody anything who exchanges folders for links meanwhile", async () => {
    const folder = await createTrap();
    const store = createFileStore({ folder, tenant: "acme" });
    const memory = join(folder, "acme/memory");
    await store.save("memory/swap/a.md", "ok", {}, signal);
    const over = new AbortController();
    const swapOnce = async (): Promise<void> => {
      await rename(join(memory, "swap"), join(memory, "kept"));
      await symlink("../../secret", join(memory, "swap"));
      await rm(join(memory, "swap"));
      await rename(join(memory, "kept"), join(memory, "swap"));
    };
    const swap = async (): Promise<void> => {
      // The store makes the folder anew where it finds none; then there is one too many.
      while (!over.signal.aborted)
        await swapOnce().catch(() => rm(join(memory, "kept"), { recursive: true, force: true }));
    };
    const swapping = swap();
    for (let round = 0; round < 300; round++) {
      await store.load("memory/swap/a.md", signal).then(
        ({ text }) => expect(text).toBe("ok"),
        (error: unknown) =>
          expect(error).toMatchObject({
            code: expect.stringMatching(/^memory\.(?:not_found|refused_file)$/u),
          }),
      );
      await store.save("memory/swap/a.md", "ok", { ifMatch: null }, signal).then(
        () => undefined,
        (error: unknown) => expect(error).toMatchObject({ code: expect.stringMatching(/^memory\./u) }),
      );
    }
    over.abort();
    await swapping;

    expect(await readFile(join(folder, "secret/a.md"), "utf8")).toBe(secret);
    expect(await readdir(join(folder, "secret"))).toEqual(["a.md"]);
  });

  test("makes files and folders for this user only", async () => {
    const folder = join(await createFolder(), "new");
    const store = createFileStore({ folder, tenant: "acme" });
    await store.save("memory/deep/a.md", "", {}, signal);

    const modes = await Promise.all(
      ["", "acme", "acme/memory", "acme/memory/deep", "acme/memory/deep/a.md"].map(
        async (path) => (await stat(join(folder, path))).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600]);
  });

  test("keeps tenants apart", async () => {
    const folder = await createFolder();
    const [acme, other] = [
      createFileStore({ folder, tenant: "acme" }),
      createFileStore({ folder, tenant: "other" }),
    ];
    await acme.save("memory/a.md", "of acme", {}, signal);

    expect(await other.list("", signal)).toEqual([]);
    expect(() => createFileStore({ folder, tenant: "../acme" })).toThrow(
      expect.objectContaining({ code: "context.invalid_tenant" }),
    );
    await symlink("acme", join(folder, "linked"));
    const linked = createFileStore({ folder, tenant: "linked" });
    await expect(linked.load("memory/a.md", signal)).rejects.toMatchObject({ code: "memory.refused_file" });
    await expect(linked.save("memory/a.md", "", {}, signal)).rejects.toMatchObject({
      code: "memory.refused_file",
    });
  });

  test("reads files that people wrote, and refuses what is too large or no text", async () => {
    const folder = await createFolder();
    const store = createFileStore({ folder, tenant: "acme" });
    await mkdir(join(folder, "acme/memory"), { recursive: true });
    await writeFile(join(folder, "acme/memory/big.md"), "a".repeat(memoryLimits.fileBytes + 1));
    await writeFile(join(folder, "acme/memory/bytes.md"), new Uint8Array([0xff, 0xfe]));
    await writeFile(join(folder, "acme/memory/mine.md"), "by hand", { mode: 0o644 });

    expect((await store.load("memory/mine.md", signal)).text).toBe("by hand");
    await expect(store.load("memory/big.md", signal)).rejects.toMatchObject({ code: "memory.too_large" });
    await expect(store.load("memory/bytes.md", signal)).rejects.toMatchObject({ code: "memory.not_text" });
  });

  test("says that the disk does not let it write", async () => {
    const folder = await createFolder();
    await writeFile(join(folder, "file"), "");
    const store = createFileStore({ folder: join(folder, "file"), tenant: "acme" });

    await expect(store.save("memory/a.md", "", {}, signal)).rejects.toMatchObject({
      code: "memory.unavailable",
    });
  });
});

const child = fileURLToPath(new URL("file-store-child.test.support.ts", import.meta.url));
const node = [process.execPath, "--conditions=@tau/source", "--no-warnings", child] as const;

describe("createFileStore() in several processes", () => {
  test("counts every addition of all of them", async () => {
    const folder = await createFolder();
    const children = Array.from({ length: 4 }, () =>
      spawn(node[0], [...node.slice(1), "count", folder, "25"], { stdio: "inherit" }),
    );

    const codes = await Promise.all(children.map(async (one) => (await once(one, "exit"))[0]));

    expect(codes).toEqual([0, 0, 0, 0]);
    const store = createFileStore({ folder, tenant: "acme" });
    expect((await store.load("memory/count.md", signal)).text).toBe("100");
    expect(await readdir(join(folder, "acme/.lock"))).toEqual(["free"]);
  });

  test("leaves whole files and a lock that others can take when it is killed", async () => {
    const folder = await createFolder();
    const store = createFileStore({ folder, tenant: "acme" });
    for (let round = 0; round < 6; round++) {
      const writer = spawn(node[0], [...node.slice(1), "write", folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      // So many bytes are so many writes that it said were done.
      let said = 0;
      await new Promise<void>((resolve) =>
        writer.stdout.on("data", (data: Buffer) => {
          said += data.length;
          if (said >= 5 + round) resolve();
        }),
      );
      writer.kill("SIGKILL");
      await once(writer, "exit");

      const { text } = await store.load("memory/whole.md", signal);
      expect(text).toMatch(/^(?<character>[a-z])\k<character>{99999}$/u);
      await store.save(`memory/after-${round}.md`, "", {}, signal);
    }
    const drafts = (await readdir(join(folder, "acme/memory"))).filter((name) => name.startsWith("."));
    expect(drafts).toEqual([]);
  });
});
