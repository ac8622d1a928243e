// Many clients at the same time: every request succeeds, and every acknowledged write is stored.
import { expect, test } from "bun:test";
import type { Service } from "../../service.ts";

const CLIENTS = 50;
const WRITES = 20;

export function manyClients(service: () => Service): void {
  test(`${CLIENTS} clients write at the same time, and none sees a busy database`, async () => {
    const { id, token } = await service().newUser();
    const statuses = new Map<number, number>();
    const acknowledged = new Set<number>();
    const client = async () => {
      for (let i = 0; i < WRITES; i += 1) {
        const article = { token, body: { title: "load", body: "x" } };
        const { status, json } = await service().send("POST", "/api/articles", article);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 201) acknowledged.add(Number(json().id));
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    expect([...statuses.keys()]).toEqual([201]);
    const { text } = await service().send("GET", "/api/articles/export");
    const stored = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number; author: number })
      .filter((article) => article.author === id);
    expect(stored.length).toBe(acknowledged.size);
  }, 60_000);
}
