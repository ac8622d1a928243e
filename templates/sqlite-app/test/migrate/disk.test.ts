// A full or read-only disk is reported in one clear message without a stack, and nothing is changed.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isRoot, mayMount, mount, unmount } from "../disk.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";
import { Service } from "../service.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
  project.writeThree();
});
afterEach(() => project[Symbol.dispose]());

/** Writes to `file` until the disk is full. */
function fillDisk(file: string): void {
  const descriptor = openSync(file, "w");
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(descriptor);
  }
}

test.skipIf(process.platform !== "linux")(
  "full: a report that cannot be written is an error",
  async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "../../src/db.ts"), "status"],
      {
        env: project.env,
        stdout: Bun.file("/dev/full"),
        stderr: "pipe",
      },
    );
    expect(await child.stderr.text()).toBe("The report could not be written: the disk is full.\n");
    expect(await child.exited).toBe(1);
  },
  PROCESS_TIMEOUT,
);

const onSeparateDisk = () => {
  const data = () => project.join("data");

  test(
    "full: the migration fails with a clear message and changes nothing, and succeeds once there is space",
    async () => {
      expect(mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", data())).toBe(true);
      try {
        await project.dbOk("up", "--to", "2");
        project.write("0003_c", "CREATE TABLE c AS SELECT randomblob(5000000) AS x;");
        const { exitCode, stderr } = await project.db("up");
        expect(exitCode).toBe(1);
        expect(stderr).toContain("the disk is full");
        expect(stderr).not.toContain(" at ");
        expect(project.query("SELECT version FROM schema_migrations")).toHaveLength(2);
        expect(mount("-o", "remount,size=40m", data())).toBe(true);
        await project.dbOk("up");
        await project.dbOk("validate");
      } finally {
        unmount(data());
      }
    },
    PROCESS_TIMEOUT,
  );

  test(
    "full: a backup fails with a clear message and leaves no file",
    async () => {
      await project.dbOk("up");
      project.query("INSERT INTO a VALUES (hex(randomblob(2000000)))");
      const small = project.join("small");
      mkdirSync(small);
      expect(mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", small)).toBe(true);
      try {
        const { exitCode, stderr } = await project.db("backup", join(small, "backup.db"));
        expect(exitCode).toBe(1);
        expect(stderr).toContain("the disk is full");
        expect(readdirSync(small)).toEqual([]);
      } finally {
        unmount(small);
      }
    },
    PROCESS_TIMEOUT,
  );

  test(
    "full while the service runs: /readyz is 503 and writes are 507 until there is space, and reads are served",
    async () => {
      expect(mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", data())).toBe(true);
      try {
        await using service = await Service.start({ DATA_DIR: data() });
        const create = async () => {
          const email = `${crypto.randomUUID()}@example.com`;
          const body = { email, name: "N", password: "long enough" };
          return (await service.send("POST", "/api/users", { body })).status;
        };
        const until = async (status: number) => {
          while ((await service.send("GET", "/readyz")).status !== status) await Bun.sleep(100);
        };
        await until(200);
        const filler = join(data(), "filler");
        fillDisk(filler);
        await until(503);
        expect(await create()).toBe(507);
        expect((await service.send("GET", "/api/users/1")).status).toBe(404);
        rmSync(filler);
        await until(200);
        expect(await create()).toBe(201);
        await service.stop();
      } finally {
        unmount(data());
      }
    },
    PROCESS_TIMEOUT,
  );

  test(
    "the message about a read-only folder of migrations names a file of it",
    async () => {
      await project.dbOk("up", "--to", "1");
      project.write("0003_d", "CREATE TABLE d (x TEXT);"); // A duplicate, for `renumber`.
      expect(mount("--bind", project.migrations, project.migrations)).toBe(true);
      try {
        expect(mount("-o", "remount,bind,ro", project.migrations)).toBe(true);
        for (const args of [["new", "x"], ["renumber"]]) {
          const { exitCode, stderr } = await project.db(...args);
          expect(exitCode).toBe(1);
          expect(stderr).toStartWith(project.migrations);
          expect(stderr).toContain("read-only disk");
        }
      } finally {
        unmount(project.migrations);
      }
    },
    PROCESS_TIMEOUT,
  );

  test(
    "a migration on a read-only disk is refused with a clear message",
    async () => {
      await project.dbOk("up", "--to", "1");
      cpSync(data(), project.join("copy"), { recursive: true });
      expect(mount("-t", "tmpfs", "tmpfs", data())).toBe(true);
      try {
        cpSync(project.join("copy"), data(), { recursive: true });
        expect(mount("-o", "remount,ro", data())).toBe(true);
        const { exitCode, stderr } = await project.db("up");
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(/read-only|can't be opened/);
      } finally {
        unmount(data());
      }
    },
    PROCESS_TIMEOUT,
  );
};

const withoutWritePermission = () => {
  test(
    "a migration without write permission is refused with a clear message",
    async () => {
      await project.dbOk("up", "--to", "1");
      chmodSync(project.join("data"), 0o500);
      chmodSync(project.database, 0o400);
      const { exitCode, stderr } = await project.db("up");
      chmodSync(project.join("data"), 0o700);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/read-only|can't be opened/);
    },
    PROCESS_TIMEOUT,
  );
};

if (mayMount()) {
  describe("on a separate disk", onSeparateDisk);
} else {
  console.warn(
    "A full disk is not tested here: the tests need root on Linux, with permission to mount.",
  );
  // Root may write everywhere, and Windows has a different permission model.
  const applies = !isRoot && process.platform !== "win32";
  if (applies) describe("without permission to write", withoutWritePermission);
}
