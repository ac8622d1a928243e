// The platforms that prebuilt libraries are made for. README.md says what else a new platform needs.

export interface Target {
  /** `os`, `cpu` and `libc` of the platform package: package managers install it only where they fit. */
  readonly os: string;
  readonly cpu: string;
  readonly libc?: "glibc" | "musl";
  /** The platform's name for `zig cc -target`, with the oldest system that it has to run on. */
  readonly zig: string;
}

export const targets: Readonly<Record<string, Target>> = {
  "linux-x64": { os: "linux", cpu: "x64", libc: "glibc", zig: "x86_64-linux-gnu.2.17" },
  "linux-arm64": { os: "linux", cpu: "arm64", libc: "glibc", zig: "aarch64-linux-gnu.2.17" },
  "linux-x64-musl": { os: "linux", cpu: "x64", libc: "musl", zig: "x86_64-linux-musl" },
  "linux-arm64-musl": { os: "linux", cpu: "arm64", libc: "musl", zig: "aarch64-linux-musl" },
  "darwin-x64": { os: "darwin", cpu: "x64", zig: "x86_64-macos.13.0" },
  "darwin-arm64": { os: "darwin", cpu: "arm64", zig: "aarch64-macos.13.0" },
  "win32-x64": { os: "win32", cpu: "x64", zig: "x86_64-windows-gnu" },
};

/** The compiler of a platform package, as a value of `$CC`: zig compiles for every platform. */
export const crossCompiler = (target: string): string => `zig cc -target ${targets[target]?.zig}`;

/** The name of a platform package. */
export const namePackage = (main: string, target: string): string => `${main}-${target}`;
