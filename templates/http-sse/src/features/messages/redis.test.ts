// The message store in Redis keeps the contract of the message store. Most tests run when REDIS_URL is set.
import { describe, expect, test } from "bun:test";
import { RedisClient } from "bun";
import { RedisMessages } from "./redis.ts";
import { testMessageStore } from "./store-contract.ts";

const url = process.env.REDIS_URL;
if (!url) console.warn("REDIS_URL is not set: the message store in Redis is not tested.");

describe.skipIf(!url)("Redis", () => {
  testMessageStore({
    isShared: true,
    open: (id, keep) => RedisMessages.open({ url: url ?? "", key: `test:${id}`, keep }),
    async remove(id) {
      using client = disposable(new RedisClient(url));
      const keys = await client.send("KEYS", [`*test:${id}*`]);
      if (keys.length > 0) await client.send("DEL", keys);
    },
  });
});

function disposable(client: RedisClient): RedisClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

test("a Redis that cannot be reached is a 503", async () => {
  const options = { url: "redis://127.0.0.1:1", key: "test", keep: 1 };
  await expect(RedisMessages.open(options)).rejects.toMatchObject({ status: 503 });
});
