// Signing up, signing in and signing out.
import { expect, test } from "bun:test";
import { PASSWORD, type Service } from "../../service.ts";

export function usersAndSessions(service: () => Service): void {
  const signIn = (email: string, password: string) =>
    service().send("POST", "/api/sessions", { body: { email, password } });

  test("an email can sign up only once, in upper or lower case", async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const create = (address: string) =>
      service().send("POST", "/api/users", {
        body: { email: address, name: "Ada", password: PASSWORD },
      });
    const created = await create(email);
    expect(created.status).toBe(201);
    expect(created.json()).toMatchObject({ email, name: "Ada" });
    expect(created.text).not.toContain("assword");
    expect(created.headers.get("location")).toBe(`/api/users/${created.json().id}`);
    expect((await create(email.toUpperCase())).status).toBe(409);
  });

  test("each invalid field of a new user is reported", async () => {
    const body = { email: "nobody", name: "\u0000", password: "short" };
    const { status, json } = await service().send("POST", "/api/users", { body });
    expect(status).toBe(422);
    const pointers = (json().errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.toSorted()).toEqual(["/email", "/name", "/password"]);
  });

  test("a password with a lone surrogate is refused, because it would match other ones", async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const body = { email, password: "\ud800 password" };
    for (const path of ["/api/users", "/api/sessions"]) {
      const { status, json } = await service().send("POST", path, { body });
      expect(status).toBe(422);
      expect(json().errors).toEqual([{ pointer: "/password", detail: "must be valid Unicode" }]);
    }
  });

  test("a token works until its session is ended", async () => {
    const { token } = await service().newUser();
    expect((await service().send("DELETE", "/api/sessions", { token })).status).toBe(204);
    const refused = await service().send("DELETE", "/api/sessions", { token });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
  });

  test.each([undefined, "Basic dXNlcjpwYXNz", "Bearer", "Bearer not a token"])(
    "without a well-formed token it is a 401 problem with a challenge: %p",
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      const refused = await service().send("DELETE", "/api/sessions", { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    },
  );

  test("the responses to a sign-in are not cached", async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    await service().newUser(email);
    expect((await signIn(email, PASSWORD)).headers.get("cache-control")).toBe("no-store");
  });

  test("a wrong password and an unknown user get the same response", async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    await service().newUser(email);
    const wrong = await signIn(email, "wrong password");
    const unknown = await signIn(`x${email}`, "wrong password");
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(unknown.text).toBe(wrong.text);
  });

  // #region articles
  test("a user is returned with the newest articles", async () => {
    const { id, token } = await service().newUser();
    for (const title of ["one", "two"]) {
      await service().send("POST", "/api/articles", { token, body: { title, body: "b" } });
    }
    const { json } = await service().send("GET", `/api/users/${id}`);
    expect(json()).toMatchObject({ id, articles: [{ title: "two" }, { title: "one" }] });
  });

  // #endregion
  test("everybody can read a user, but not the email", async () => {
    const { id } = await service().newUser();
    const { json, text } = await service().send("GET", `/api/users/${id}`);
    expect(json()).toMatchObject({ id, name: "Somebody" });
    expect(text).not.toContain("@");
    expect((await service().send("GET", "/api/users/999999")).status).toBe(404);
    expect((await service().send("GET", "/api/users/1e3")).status).toBe(404);
  });
}
