/**
 * Tests the contract end to end against a running service: `npm run e2e -- [base URL]`.
 * Prints nothing if every step passes. Otherwise prints the step that failed, what it expected and what it received.
 */

const base = process.argv[2] ?? "http://localhost:5000";

const email = "guillaume@holberton.io";
const password = "b4l0u";
const newPassword = "t4rt1fl3tt3";

/** A request, and the response that it must get. An object as `body` means its JSON followed by a newline, byte for byte. */
interface Step {
  readonly name: string;
  readonly request: readonly [method: string, path: string];
  readonly fields?: Record<string, string>;
  readonly sessionId?: string;
  readonly status: number;
  readonly body?: object | RegExp;
}

async function registerUser(email: string, password: string): Promise<void> {
  const body = { email, message: "user created" };
  await step({ name: "register_user", request: ["POST", "/users"], fields: { email, password }, status: 200, body });
}

async function logInWrongPassword(email: string, password: string): Promise<void> {
  const fields = { email, password };
  await step({ name: "log_in_wrong_password", request: ["POST", "/sessions"], fields, status: 401 });
}

async function profileUnlogged(): Promise<void> {
  await step({ name: "profile_unlogged", request: ["GET", "/profile"], status: 403 });
}

/** @returns the session id */
async function logIn(email: string, password: string): Promise<string> {
  const name = "log_in";
  const body = { email, message: "logged in" };
  const { response } = await step({
    name,
    request: ["POST", "/sessions"],
    fields: { email, password },
    status: 200,
    body,
  });
  const cookie = response.headers.get("Set-Cookie") ?? "";
  const [, sessionId] = /^session_id=([^;]+);.*Path=\//.exec(cookie) ?? [];
  return sessionId ?? fail(name, "Set-Cookie: session_id=…; Path=/", `Set-Cookie: ${cookie}`);
}

async function profileLogged(sessionId: string): Promise<void> {
  await step({ name: "profile_logged", request: ["GET", "/profile"], sessionId, status: 200, body: { email } });
}

async function logOut(sessionId: string): Promise<void> {
  const name = "log_out";
  const { response } = await step({ name, request: ["DELETE", "/sessions"], sessionId, status: 302 });
  const location = response.headers.get("Location");
  if (location !== "/") fail(name, "Location: /", `Location: ${location}`);
  await step({ name, request: ["GET", "/"], status: 200, body: { message: "Bienvenue" } });
  await step({ name, request: ["GET", "/profile"], sessionId, status: 403 });
}

/** @returns the reset token */
async function resetPasswordToken(email: string): Promise<string> {
  const body = new RegExp(`^{"email":"${email}","reset_token":"[^"]{36}"}\n$`);
  const request = ["POST", "/reset_password"] as const;
  const { text } = await step({ name: "reset_password_token", request, fields: { email }, status: 200, body });
  return JSON.parse(text).reset_token;
}

async function updatePassword(email: string, resetToken: string, newPassword: string): Promise<void> {
  const fields = { email, reset_token: resetToken, new_password: newPassword };
  const body = { email, message: "Password updated" };
  await step({ name: "update_password", request: ["PUT", "/reset_password"], fields, status: 200, body });
}

async function step({
  name,
  request,
  fields,
  sessionId,
  status,
  body,
}: Step): Promise<{ response: Response; text: string }> {
  const [method, path] = request;
  const response = await fetch(new URL(path, base), {
    method,
    redirect: "manual",
    headers: sessionId === undefined ? {} : { Cookie: `session_id=${sessionId}` },
    body: fields ? new URLSearchParams(fields) : null,
  }).catch((error: Error) => fail(name, `a response from ${base}`, `${error.message}: ${error.cause ?? ""}`));
  const text = await response.text();
  if (response.status !== status) fail(name, `status ${status}`, `status ${response.status} and ${text.trim()}`);
  const matches = body instanceof RegExp ? body.test(text) : !body || text === `${JSON.stringify(body)}\n`;
  if (!matches) fail(name, body instanceof RegExp ? String(body) : JSON.stringify(body), text.trim());
  return { response, text };
}

function fail(name: string, expected: string, actual: string): never {
  console.error(`${name}: expected ${expected}, received ${actual}`);
  process.exit(1);
}

await registerUser(email, password);
await logInWrongPassword(email, newPassword);
await profileUnlogged();
const sessionId = await logIn(email, password);
await profileLogged(sessionId);
await logOut(sessionId);
const resetToken = await resetPasswordToken(email);
await updatePassword(email, resetToken, newPassword);
await logIn(email, newPassword);
