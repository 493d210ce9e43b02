import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { parseArgs } from "node:util";
import bcrypt from "bcrypt";
import { openDB } from "../src/index.ts";
import { startService, temporaryFolder } from "../test/support/service.ts";
import { median } from "./figure.ts";

// Whether time tells an address with an account from one without: pairs of requests, each pair in a random order, and the
// median of their differences with the interval that it lies in with 95 % (a bootstrap).
// `--only "POST /sessions"` asks that alone: whether an interval that does not hold 0 does so again.

const { values } = parseArgs({
  options: { pairs: { type: "string", default: "3000" }, only: { type: "string", default: "" } },
});
const pairs = Number(values.pairs);
const password = "plough-Violet-9-harbour";
const resamples = 2000;

/** bcrypt's cost today, and two below it, from before it was raised. */
const cost = 6;
const olderCost = cost - 2;

/** A cheap one, which is made equal by measured time and not by counted rounds. */
const foreignHash = "pbkdf2_sha256$1000$seasalt$qTqsBvxoGrjNWHVAm1MJjFByZAqu+vvQAlSznq+2SvM=";

/** What may be true of an address, against nothing: of the last two, the hash is from before the cost was raised, or imported. */
const states = ["known", "disabled", "unconfirmed", "registered", "older", "foreign"] as const;

await using folder = await temporaryFolder();
const DATABASE_URL = `sqlite:${folder.path}/bienvenue.db`;
await settle();
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

/** What anybody may ask about one. */
const questions: Record<string, (email: string) => Promise<unknown>> = {
  "POST /users": (email) => ask("POST", "/users", { email, password }),
  "POST /reset_password": (email) => ask("POST", "/reset_password", { email }),
  "POST /email_verification": (email) => ask("POST", "/email_verification", { email }),
  "POST /sessions": (email) => ask("POST", "/sessions", { email, password: "a wrong Password" }),
  "PUT /profile/email": (email) => ask("PUT", "/profile/email", { email }),
};

const { "set-cookie": cookies = [] } = await ask("POST", "/sessions", { email: "me@example.com", password });
const Cookie = cookies.map((cookie) => cookie.split(";")[0]).join("; ");

console.log(`${pairs} pairs a line; differences to an address without an account, in microseconds\n`);
console.log(
  `${"request".padEnd(26)}${"address".padEnd(13)}${"takes".padStart(8)}${"differs by".padStart(12)}  95 % between`,
);
let told = 0;
let lines = 0;
for (const [question, answer] of Object.entries(questions)) {
  if (!question.startsWith(values.only)) continue;
  for (const state of states) {
    const { differences, takes } = await compare(answer, state, Object.keys(questions).indexOf(question));
    const [low, high] = interval(differences);
    lines++;
    const tells = low > 0 || high < 0;
    if (tells) told++;
    const shown = [takes, median(differences), low, high].map((value) => value.toFixed(1));
    console.log(
      `${question.padEnd(26)}${state.padEnd(13)}${shown[0]?.padStart(8)}${shown[1]?.padStart(12)}  ${shown[2]} and ${shown[3]}${tells ? "  does not hold 0" : ""}`,
    );
  }
}
console.log(
  told === 0
    ? "\nEvery interval holds 0."
    : `\n${told} of ${lines} intervals do not hold 0; of so many, one in twenty does so by chance.`,
);
agent.destroy();

/** Accounts of every state, as many as there are pairs. */
async function settle(): Promise<void> {
  const hash = bcrypt.hashSync(password, bcrypt.genSaltSync(cost, "b"));
  const olderHash = bcrypt.hashSync(password, bcrypt.genSaltSync(olderCost, "b"));
  await using db = await openDB(DATABASE_URL);
  const now = Date.now();
  const { id } = await db.addUser("me@example.com", hash);
  await db.updateUser(id, { emailVerifiedAt: now });
  for (let i = 0; i < pairs; i++) {
    for (const state of states) {
      const email = `${numbered(state, i)}@example.com`;
      if (state === "registered") {
        await db.registrations.add(email, hash, { kind: "registration", language: "en" });
        continue;
      }
      const stored = { older: olderHash, foreign: foreignHash }[state as string] ?? hash;
      const user = await db.addUser(email, stored);
      if (state !== "unconfirmed") await db.updateUser(user.id, { emailVerifiedAt: now });
      if (state === "disabled") await db.updateUser(user.id, { disabledAt: now });
    }
  }
}

function numbered(state: string, i: number): string {
  return `${state}-${String(i).padStart(6, "0")}`;
}

async function compare(answer: (email: string) => Promise<unknown>, state: string, question: number) {
  const timed = async (email: string) => {
    const began = performance.now();
    await answer(email);
    return (performance.now() - began) * 1000;
  };
  const differences: number[] = [];
  const all: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // Of the same length, each asked about for the first time, and anywhere among the others.
    const known = `${numbered(state, i)}@example.com`;
    const unknown = `${numbered(state, (i * 7919) % pairs)}@exampl${question}.com`;
    const isFirst = Math.random() < 0.5;
    const first = await timed(isFirst ? known : unknown);
    const second = await timed(isFirst ? unknown : known);
    differences.push(isFirst ? first - second : second - first);
    all.push(first, second);
  }
  return { differences, takes: median(all) };
}

/** Where the median lies with 95 %: what it is in samples drawn from the sample. */
function interval(sample: readonly number[]): [number, number] {
  const medians = Array.from({ length: resamples }, () =>
    median(sample.map(() => sample[Math.floor(Math.random() * sample.length)] as number)),
  ).toSorted((a, b) => a - b);
  return [medians[Math.floor(resamples * 0.025)] as number, medians[Math.floor(resamples * 0.975)] as number];
}

function ask(method: string, path: string, fields: Record<string, string>): Promise<IncomingHttpHeaders> {
  const body = new URLSearchParams(fields).toString();
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": Buffer.byteLength(body),
    ...(path.startsWith("/profile") && { Cookie }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(service.url + path, { method, headers, agent }, (response) => {
      response.resume().on("end", () => resolve(response.headers));
    });
    sent.on("error", reject).end(body);
  });
}
