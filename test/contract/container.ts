// The container image of a service: small, pinned, non-root, with a health check.
import { expect, test } from "bun:test";
import { type Project, textOf } from "./project.ts";

export function shipsAsContainer(project: Project): void {
  test("its Dockerfile has stages, a pinned Bun, a user and a health check without curl", async () => {
    const dockerfile = (await textOf(project, "Dockerfile")).replaceAll(/^\s*#.*\n/gm, "");
    const stages = dockerfile.split(/^(?=FROM )/m).filter((stage) => stage.startsWith("FROM "));
    const images = stages.map((stage) => /^FROM (?:--\S+ )*(\S+)/.exec(stage)?.[1] ?? "");
    const names = stages.flatMap((stage) => /^FROM .* AS (\S+)/i.exec(stage)?.[1] ?? []);
    const last = stages.at(-1) ?? "";
    expect(stages.length).toBeGreaterThan(1);
    for (const image of images.filter((image) => !names.includes(image))) {
      expect(image).toMatch(/:\d+\.\d+\.\d+|@sha256:[\da-f]{64}/);
    }
    expect(images.join(" ")).toContain("oven/bun:");
    expect(/^USER (\S+)/m.exec(last)?.[1] ?? "root").not.toMatch(/^(root|0)\b/);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last).not.toMatch(/\b(curl|wget)\b/);
  });

  test("its image holds no secrets, no history and no modules of another machine", async () => {
    const ignored = (await textOf(project, ".dockerignore")).split(/\r?\n/);
    for (const name of ["node_modules", ".env", ".git"]) {
      expect(ignored.map((line) => line.replaceAll(/^(\*\*)?\/|[/*]+$/g, ""))).toContain(name);
    }
  });

  test("its compose file names no floating image", async () => {
    const compose = Bun.YAML.parse(await textOf(project, "compose.yaml")) as {
      services: Record<string, { image?: string; build?: unknown }>;
    };
    const images = Object.values(compose.services).flatMap(({ image, build }) =>
      build === undefined ? (image ?? []) : [],
    );
    expect(images.filter((image) => !/:[^:]*\d/.test(image))).toEqual([]);
  });
}
