import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { parseArgs } from "node:util";
import bcrypt from "bcrypt";
import { openDB } from "../src/index.ts";
import { createTemporaryFolder, startService } from "../test/support/service.ts";
import { median } from "./figure.ts";

// Measures whether response times reveal that an address has an account. Each pair of requests, one about an address with
// an account and one about an unknown address, is sent in random order. The script prints the median difference of the
// pairs and its 95 % confidence interval (bootstrap). `--only "POST /sessions"` repeats a single request, to check an
// interval that excludes 0.

const { values } = parseArgs({
  options: { pairs: { type: "string", default: "3000" }, only: { type: "string", default: "" } },
});
const pairs = Number(values.pairs);
const password = "plough-Violet-9-harbour";
const resamples = 2000;

/** The current bcrypt cost, and an earlier, lower one. */
const cost = 6;
const olderCost = cost - 2;

/** An imported hash that is cheap to verify. The service equalizes its time by measuring, not by counting rounds. */
const foreignHash = "pbkdf2_sha256$1000$seasalt$qTqsBvxoGrjNWHVAm1MJjFByZAqu+vvQAlSznq+2SvM=";

/** States of an address. "older" has a hash with the earlier bcrypt cost, "foreign" an imported hash. */
const states = ["known", "disabled", "unconfirmed", "registered", "older", "foreign"] as const;

await using folder = await createTemporaryFolder();
const DATABASE_URL = `sqlite:${folder.path}/bienvenue.db`;
await createAccounts();
await using service = await startService({
  NODE_ENV: "production",
  PUBLIC_URL: "https://auth.example.com",
  SMTP_URL: "smtp://127.0.0.1:1",
  MAIL_FROM: "no-reply@example.com",
  TRUSTED_PROXIES: "none",
  RATE_LIMIT: "off",
  BCRYPT_COST: String(cost),
  DATABASE_URL,
});
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Requests that anyone can send about an address. */
const requests: Record<string, (email: string) => Promise<unknown>> = {
  "POST /users": (email) => send("POST", "/users", { email, password }),
  "POST /reset_password": (email) => send("POST", "/reset_password", { email }),
  "POST /email_verification": (email) => send("POST", "/email_verification", { email }),
  "POST /sessions": (email) => send("POST", "/sessions", { email, password: "a wrong Password" }),
  "PUT /profile/email": (email) => send("PUT", "/profile/email", { email }),
};

const { "set-cookie": cookies = [] } = await send("POST", "/sessions", { email: "me@example.com", password });
const Cookie = cookies.map((cookie) => cookie.split(";")[0]).join("; ");

console.log(`${pairs} pairs per row; times, and differences from an unknown address, in microseconds\n`);
console.log(
  `${"request".padEnd(26)}${"address".padEnd(13)}${"takes".padStart(8)}${"differs by".padStart(12)}  95 % between`,
);
let rows = 0;
let rowsWithoutZero = 0;
for (const [index, [name, sendAbout]] of Object.entries(requests).entries()) {
  if (!name.startsWith(values.only)) continue;
  for (const state of states) {
    const { differences, duration } = await compare(sendAbout, state, index);
    const [low, high] = computeConfidenceInterval(differences);
    rows++;
    const excludesZero = low > 0 || high < 0;
    if (excludesZero) rowsWithoutZero++;
    const cells = [duration, median(differences), low, high].map((value) => value.toFixed(1));
    console.log(
      `${name.padEnd(26)}${state.padEnd(13)}${cells[0]?.padStart(8)}${cells[1]?.padStart(12)}  ${cells[2]} and ${cells[3]}${excludesZero ? "  excludes 0" : ""}`,
    );
  }
}
console.log(
  rowsWithoutZero === 0
    ? "\nAll intervals include 0."
    : `\n${rowsWithoutZero} of ${rows} intervals exclude 0. By chance alone, one in twenty does.`,
);
agent.destroy();

/** Creates one account for each pair and state. */
async function createAccounts(): Promise<void> {
  const hash = bcrypt.hashSync(password, bcrypt.genSaltSync(cost, "b"));
  const olderHash = bcrypt.hashSync(password, bcrypt.genSaltSync(olderCost, "b"));
  await using db = await openDB(DATABASE_URL);
  const now = Date.now();
  const { id } = await db.addUser("me@example.com", hash);
  await db.updateUser(id, { emailVerifiedAt: now });
  for (let i = 0; i < pairs; i++) {
    for (const state of states) {
      const email = `${formatName(state, i)}@example.com`;
      if (state === "registered") {
        await db.registrations.add(email, hash, { kind: "registration", language: "en" });
        continue;
      }
      const storedHash = { older: olderHash, foreign: foreignHash }[state as string] ?? hash;
      const user = await db.addUser(email, storedHash);
      if (state !== "unconfirmed") await db.updateUser(user.id, { emailVerifiedAt: now });
      if (state === "disabled") await db.updateUser(user.id, { disabledAt: now });
    }
  }
}

function formatName(state: string, i: number): string {
  return `${state}-${String(i).padStart(6, "0")}`;
}

async function compare(sendAbout: (email: string) => Promise<unknown>, state: string, requestIndex: number) {
  const measure = async (email: string) => {
    const began = performance.now();
    await sendAbout(email);
    return (performance.now() - began) * 1000;
  };
  const differences: number[] = [];
  const durations: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // Both addresses have the same length and are used for the first time. Their positions in an index are unrelated.
    const known = `${formatName(state, i)}@example.com`;
    const unknown = `${formatName(state, (i * 7919) % pairs)}@exampl${requestIndex}.com`;
    const knownIsFirst = Math.random() < 0.5;
    const first = await measure(knownIsFirst ? known : unknown);
    const second = await measure(knownIsFirst ? unknown : known);
    differences.push(knownIsFirst ? first - second : second - first);
    durations.push(first, second);
  }
  return { differences, duration: median(durations) };
}

/** Returns the 95 % confidence interval of the median, by a bootstrap that draws samples from the sample. */
function computeConfidenceInterval(sample: readonly number[]): [number, number] {
  const medians = Array.from({ length: resamples }, () =>
    median(sample.map(() => sample[Math.floor(Math.random() * sample.length)] as number)),
  ).toSorted((a, b) => a - b);
  return [medians[Math.floor(resamples * 0.025)] as number, medians[Math.floor(resamples * 0.975)] as number];
}

function send(method: string, path: string, fields: Record<string, string>): Promise<IncomingHttpHeaders> {
  const body = new URLSearchParams(fields).toString();
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": Buffer.byteLength(body),
    ...(path.startsWith("/profile") && { Cookie }),
  };
  return new Promise((resolve, reject) => {
    request(service.url + path, { method, headers, agent }, (response) => {
      response.resume().on("end", () => resolve(response.headers));
    })
      .on("error", reject)
      .end(body);
  });
}
