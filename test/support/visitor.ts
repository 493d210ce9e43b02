import assert from "node:assert/strict";
import { bob, register } from "./steps.ts";
import { type ClientAddress, form, type World } from "./world.ts";

/** What a person sees. */
export interface PageResponse {
  readonly status: number;
  /** Where they were sent to, if they were. */
  readonly location: string | null;
  readonly headers: Headers;
  readonly html: string;
  readonly title: string;
  /** The text of the alert or status above the form; empty if there is none. */
  readonly banner: string;
}

/** Somebody at a browser of their own, without JavaScript: it keeps cookies, and sends the forms that it is shown. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  /** Opens a page, and does not follow where it sends. */
  open(path: string, headers?: Record<string, string>): Promise<PageResponse>;
  /** Sends a form of a page, with its hidden fields, to where it says. */
  fill(page: PageResponse, fields: Record<string, string>, action?: string): Promise<PageResponse>;
  /** Sends whatever it is told to. */
  send(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<PageResponse>;
}

const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

export function createVisitor(
  world: Pick<World, "request">,
  { ip, ...always }: ClientAddress & Record<string, string> = {},
): Visitor {
  const cookies = new Map<string, string>();
  const ask = async (path: string, init: RequestInit, headers: Record<string, string>) => {
    const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const assertRedirect = { Accept: accept, ...(Cookie && { Cookie }), ...always, ...headers };
    const response = await world.request(path, { ...init, headers: assertRedirect, ...(ip !== undefined && { ip }) });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/; Max-Age=0/.test(set)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return readPage(response);
  };
  const send: Visitor["send"] = (path, fields, headers = {}) => ask(path, form(fields), headers);
  return {
    cookies,
    send,
    open: (path, headers = {}) => ask(path, {}, headers),
    fill(page, fields, action) {
      const found = findForms(page.html).find((each) => action === undefined || each.action.split("?")[0] === action);
      assert.ok(found, `no form${action ? ` to ${action}` : ""}: ${page.html}`);
      return send(found.action, { ...found.hidden, ...fields });
    },
  };
}

async function readPage(response: Response): Promise<PageResponse> {
  const html = await response.text();
  return {
    status: response.status,
    location: response.headers.get("Location"),
    headers: response.headers,
    html,
    title: toText(/<title>([\s\S]*?)<\/title>/.exec(html)?.[1] ?? ""),
    banner: toText(/<(div|p) class="message \w+" role[\s\S]*?<\/\1>/.exec(html)?.[0] ?? ""),
  };
}

/** The forms of a page: where they go, and what is hidden in them. */
export function findForms(html: string): { action: string; hidden: Record<string, string>; html: string }[] {
  return [...html.matchAll(/<form method="post" action="([^"]*)"[\s\S]*?<\/form>/g)].map(([form, action = ""]) => ({
    action: toText(action),
    hidden: Object.fromEntries(
      [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = "", value = ""]) => [
        name,
        toText(value),
      ]),
    ),
    html: form,
  }));
}

/** The value of a field as it is shown. */
export function readField({ html }: PageResponse, name: string): string | undefined {
  const [input] = new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(html) ?? [];
  assert.ok(input, `no field ${name}: ${html}`);
  const value = /value="([^"]*)"/.exec(input)?.[1];
  return value === undefined ? undefined : toText(value);
}

/** HTML as it is read. */
export function toText(html: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+|#39);/g, (_, name) => names[name] ?? "?")
    .trim();
}

/** Where a person is sent, after a form. */
export function sent({ status, location, html }: PageResponse, to: string): void {
  assert.deepEqual([status, location], [303, to], html);
}

/** Logs in by the page. */
export async function logIn(who: Visitor, user: { email: string; password: string }): Promise<void> {
  sent(await who.fill(await who.open("/login"), user, "/login"), "/account");
}

/** Somebody who has an account and is logged in. */
export async function createMember(world: World): Promise<Visitor> {
  await register(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  return who;
}

/** The devices that an account shows, as text. */
export function findDevices({ html }: PageResponse): string[] {
  return [...html.matchAll(/<li class="row"><div><h3>([\s\S]*?)<\/h3>/g)].map(([, name = ""]) => toText(name));
}
