// Lends this machine's npm registry settings to `bun install` in an image build, as mounts that leave no trace in the image.
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** Where the file of additional certificates is mounted during the build. */
const CERTIFICATES = "/run/ca-certificates.pem";

export interface RegistrySettings extends AsyncDisposable {
  /** `host:container:options`, for `buildah build --volume`. */
  readonly mounts: readonly string[];
}

/** The user's .npmrc and .bunfig.toml, with the environment variables that Bun reads added to the .npmrc. */
export async function registrySettings(): Promise<RegistrySettings> {
  const { NODE_EXTRA_CA_CERTS, BUN_CONFIG_REGISTRY, NPM_CONFIG_REGISTRY, npm_config_registry } =
    process.env;
  const registry = BUN_CONFIG_REGISTRY ?? NPM_CONFIG_REGISTRY ?? npm_config_registry;
  const userNpmrc = Bun.file(join(homedir(), ".npmrc"));
  const directory = await mkdtemp(join(tmpdir(), "bunyard-registry-"));
  const npmrc = join(directory, "npmrc");
  const lines = [
    (await userNpmrc.exists()) ? await userNpmrc.text() : "",
    registry && `registry=${registry}`,
    NODE_EXTRA_CA_CERTS && `cafile=${CERTIFICATES}`,
  ];
  await Bun.write(npmrc, `${lines.filter(Boolean).join("\n")}\n`);

  const bunfig = join(homedir(), ".bunfig.toml");
  return {
    mounts: [
      `${npmrc}:/root/.npmrc:ro`,
      ...((await Bun.file(bunfig).exists()) ? [`${bunfig}:/root/.bunfig.toml:ro`] : []),
      ...(NODE_EXTRA_CA_CERTS ? [`${NODE_EXTRA_CA_CERTS}:${CERTIFICATES}:ro`] : []),
    ],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
