// The interface of a container engine for the tests. Docker and buildah implement it.

export interface ContainerEngine {
  /** Builds the image of the Dockerfile in `directory`. @throws with the build log, if it fails. */
  readonly build: (directory: string) => Promise<Image>;
}

/** A built image. Disposing it removes the image and its volumes. */
export interface Image extends AsyncDisposable {
  readonly config: ImageConfig;
  /** Creates an empty volume for each path that the image declares with VOLUME. */
  readonly createVolumes: () => Promise<readonly Volume[]>;
  /** Starts the image's own command. Does not wait until the service listens. */
  readonly start: (options: StartOptions) => Promise<Container>;
}

/** The part of the image configuration that both engines report under these names. */
export interface ImageConfig {
  readonly User: string;
  readonly Cmd: readonly string[];
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly Volumes?: Readonly<Record<string, unknown>> | null;
}

/** A volume is mounted like one that Docker creates: with the content and the owner of its path in the image. */
export interface Volume {
  /** Name of a Docker volume, or a directory. */
  readonly source: string;
  readonly path: string;
}

export interface StartOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly Volume[];
}

/** A running container. Disposing it kills and removes it. */
export interface Container extends AsyncDisposable {
  /** Where the service is reached from the host. */
  readonly url: URL;
  /**
   * Runs a program in the container, as the image's user and in its environment, and returns its exit code.
   * Not its output: buildah sometimes loses that of a program that ends quickly.
   */
  readonly exec: (command: readonly string[]) => Promise<number>;
  /** Sends SIGTERM to the image's command. */
  readonly terminate: () => Promise<void>;
  /** Resolves with the exit code of the image's command. */
  readonly exited: () => Promise<number>;
  /** Everything that the image's command has printed, once it has ended. */
  readonly output: () => Promise<string>;
}
