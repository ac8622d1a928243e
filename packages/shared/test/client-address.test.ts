// One spelling per client: whatever a proxy writes, one client counts as one.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { canonicalAddress, clientVariables } from "../src/client-address.ts";
import { type Child, serve } from "./child.ts";

describe("canonicalAddress", () => {
  test.each([
    ["198.51.100.8", "198.51.100.8"],
    [" 198.51.100.8 ", "198.51.100.8"],
    ["198.51.100.8:5000", "198.51.100.8"],
    ["2001:db8:7:7::1", "2001:db8:7:7::/64"],
    ["2001:db8:7:7:ffff:1:2:3", "2001:db8:7:7::/64"],
    ["2001:0DB8:0007:0007:0:0:0:2", "2001:db8:7:7::/64"],
    ["[2001:db8:7:7::3]", "2001:db8:7:7::/64"],
    ["[2001:db8:7:7::3]:443", "2001:db8:7:7::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::3:4:5:6:7:8", "0:0:3:4::/64"],
    ["1:0:0:4:5:6:7:8", "1:0:0:4::/64"],
    ["::ffff:1:2:3", "0:0:0:0::/64"],
    ["::ffff:0.0.0.5", "0.0.0.5"],
    ['"[2001:db8:7:7::3]:443"', "2001:db8:7:7::/64"],
    [' "[2001:db8:7:7::3]"', "2001:db8:7:7::/64"],
    ['"198.51.100.8:5000"', "198.51.100.8"],
    ['"198.51.100.8"', "198.51.100.8"],
    ["::", "0:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["[fe80::1%25eth0]:80", "fe80:0:0:0::/64"],
    ["::ffff:198.51.100.8", "198.51.100.8"],
    ["::ffff:c633:6408", "198.51.100.8"],
    ["[::ffff:198.51.100.8]:80", "198.51.100.8"],
    ["::0:0:0:0:0.0.0.0", "0:0:0:0::/64"],
    ["::198.51.100.8", "0:0:0:0::/64"],
    ["64:ff9b::198.51.100.8", "64:ff9b:0:0::/64"],
    ["unknown", "unknown"],
    ["", ""],
  ])("%s is %s", (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });

  test("one IPv6 network has one spelling, in any form", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.nat(65_535), (address, port) => {
        const expected = canonicalAddress(address);
        for (const form of [address.toUpperCase(), `[${address}]`, `"[${address}]:${port}"`]) {
          expect(canonicalAddress(form)).toBe(expected);
        }
      }),
    );
  });

  test("two IPv6 networks are two clients", () => {
    expect(canonicalAddress("2001:db8:0:1::1")).not.toBe(canonicalAddress("2001:db8:0:2::1"));
  });
});

describe("clientAddress", () => {
  const ask = async ({ url }: Child, headers: Record<string, string>) =>
    (await fetch(`${url}/client`, { headers })).text();

  test("without CLIENT_IP_HEADER it is the address of the connection", async () => {
    await using service = await serve();
    expect(await ask(service, { "x-forwarded-for": "198.51.100.8" })).toBe("127.0.0.1");
  });

  test("with CLIENT_IP_HEADER it is the last address in that header", async () => {
    await using service = await serve({ CLIENT_IP_HEADER: "x-forwarded-for" });
    expect(await ask(service, { "x-forwarded-for": "6.6.6.6, [2001:db8::1]:80" })).toBe(
      "2001:db8:0:0::/64",
    );
    expect(await ask(service, { "x-forwarded-for": '6.6.6.6, "[2001:db8::1]:80"' })).toBe(
      "2001:db8:0:0::/64",
    );
    expect(await ask(service, {})).toBe("127.0.0.1");
  });
});

test.each([
  ["x-real-ip", true],
  ["X-Forwarded-For", true],
  ["x real ip", false],
  ["forwarded", false],
  ["Forwarded", false],
])("CLIENT_IP_HEADER=%s is valid: %p", (CLIENT_IP_HEADER, isValid) => {
  expect(z.object(clientVariables).safeParse({ CLIENT_IP_HEADER }).success).toBe(isValid);
});
