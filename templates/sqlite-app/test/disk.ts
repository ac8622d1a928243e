// A separate small disk for a folder, which a test fills.
import { Folder } from "./folder.ts";

export const isRoot = process.getuid?.() === 0;

export const mount = (...args: string[]) => Bun.spawnSync(["mount", ...args]).success;
export const unmount = (folder: string) => Bun.spawnSync(["umount", folder]).success;

/** Only root may mount, and in a container only with the capability SYS_ADMIN. */
export function mayMount(): boolean {
  if (process.platform !== "linux" || !isRoot) return false;
  using folder = new Folder();
  return mount("-t", "tmpfs", "tmpfs", folder.path) && unmount(folder.path);
}
