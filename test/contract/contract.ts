// The contract that every project fulfils, in place or created. Each concern is a file.
import { describe } from "bun:test";
import { treatsConnectionsWell } from "./connections.ts";
import { shipsAsContainer } from "./container.ts";
import { checksItsEnvironment } from "./environment.ts";
import { hasFilesAndScripts } from "./files.ts";
import { speaksHttp } from "./http.ts";
import { reportsOnItself } from "./observability.ts";
import type { Project } from "./project.ts";
import { stopsCleanly } from "./shutdown.ts";

export function keepsTheContract(project: Project): void {
  describe("files and scripts", () => hasFilesAndScripts(project));
  if (!project.service) return;
  describe("container", () => shipsAsContainer(project));
  describe("environment", () => checksItsEnvironment(project));
  describe("http", () => speaksHttp(project));
  describe("connections", () => treatsConnectionsWell(project));
  describe("observability", () => reportsOnItself(project));
  describe("shutdown", () => stopsCleanly(project));
}
