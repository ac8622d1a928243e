// Reads parts of the Bunyard repository from a commit, independent of the working tree.
import { type FileMap, sorted } from "../flatten/file-map.ts";

export class Snapshot {
  private constructor(
    private readonly root: string,
    /** Full id. */
    readonly commit: string,
    /** Seconds since 1970. */
    readonly time: number,
  ) {}

  /** @throws if `revision` is not a commit, or with git's error */
  static async open(root: string, revision: string): Promise<Snapshot> {
    const format = ["--no-patch", "--format=%H %ct"];
    const shown = await Bun.$`git -C ${root} show ${format} ${`${revision}^{commit}`} --`.text();
    const [commit = "", time] = shown.trim().split(" ");
    return new Snapshot(root, commit, Number(time));
  }

  /** Lists the names in a folder, sorted. */
  async list(folder: string): Promise<readonly string[]> {
    const tree = `${this.commit}:${folder}`;
    const names = await Bun.$`git -C ${this.root} ls-tree -z --name-only ${tree}`.text();
    return names.split("\0").filter((name) => name !== "");
  }

  /** Reads the files at `paths`, which are files or folders. */
  async read(paths: readonly string[]): Promise<FileMap> {
    const archive = Bun.$`git -C ${this.root} archive --format=tar ${this.commit} -- ${paths}`;
    const files = await new Bun.Archive(await archive.quiet().blob()).files();
    const read = [...files].map(async ([path, file]) => [path, await file.bytes()] as const);
    return sorted(await Promise.all(read));
  }
}
