import assert from "node:assert/strict";
import { bob, register } from "./steps.ts";
import { type ClientAddress, form, type World } from "./world.ts";

export interface PageResponse {
  readonly status: number;
  /** The target of a redirect. */
  readonly location: string | null;
  readonly headers: Headers;
  readonly html: string;
  readonly title: string;
  /** The text of the alert or status above the form; empty if there is none. */
  readonly banner: string;
}

/** A browser without JavaScript. It stores cookies and submits forms. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  /** Opens a page without following redirects. */
  open(path: string, headers?: Record<string, string>): Promise<PageResponse>;
  /** Submits the first form of a page, or the first with this action, including its hidden fields. */
  submit(page: PageResponse, fields: Record<string, string>, action?: string): Promise<PageResponse>;
  /** Posts fields to a path, without a form. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<PageResponse>;
}

const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

export function createVisitor(
  world: Pick<World, "request">,
  { ip, ...always }: ClientAddress & Record<string, string> = {},
): Visitor {
  const cookies = new Map<string, string>();
  const request = async (path: string, init: RequestInit, headers: Record<string, string>) => {
    const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const allHeaders = { Accept: accept, ...(Cookie && { Cookie }), ...always, ...headers };
    const response = await world.request(path, { ...init, headers: allHeaders, ...(ip !== undefined && { ip }) });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/; Max-Age=0/.test(set)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return readPage(response);
  };
  const post: Visitor["post"] = (path, fields, headers = {}) => request(path, form(fields), headers);
  return {
    cookies,
    post,
    open: (path, headers = {}) => request(path, {}, headers),
    submit(page, fields, action) {
      const target = findForms(page.html).find((each) => action === undefined || each.action.split("?")[0] === action);
      assert.ok(target, `no form${action ? ` to ${action}` : ""}: ${page.html}`);
      return post(target.action, { ...target.hidden, ...fields });
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
    title: htmlToText(/<title>([\s\S]*?)<\/title>/.exec(html)?.[1] ?? ""),
    banner: htmlToText(/<(div|p) class="message \w+" role[\s\S]*?<\/\1>/.exec(html)?.[0] ?? ""),
  };
}

/** Returns the action and the hidden fields of each form in a page. */
export function findForms(html: string): { action: string; hidden: Record<string, string>; html: string }[] {
  return [...html.matchAll(/<form method="post" action="([^"]*)"[\s\S]*?<\/form>/g)].map(([form, action = ""]) => ({
    action: htmlToText(action),
    hidden: Object.fromEntries(
      [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = "", value = ""]) => [
        name,
        htmlToText(value),
      ]),
    ),
    html: form,
  }));
}

/** Returns the value of a field. */
export function readField({ html }: PageResponse, name: string): string | undefined {
  const [input] = new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(html) ?? [];
  assert.ok(input, `no field ${name}: ${html}`);
  const value = /value="([^"]*)"/.exec(input)?.[1];
  return value === undefined ? undefined : htmlToText(value);
}

/** Converts HTML to text. */
export function htmlToText(html: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+|#39);/g, (_, name) => names[name] ?? "?")
    .trim();
}

/** Asserts that a response redirects to this URL. */
export function assertRedirect({ status, location, html }: PageResponse, to: string): void {
  assert.deepEqual([status, location], [303, to], html);
}

/** Logs in on the login page. */
export async function logInByPage(visitor: Visitor, user: { email: string; password: string }): Promise<void> {
  assertRedirect(await visitor.submit(await visitor.open("/login"), user, "/login"), "/account");
}

/** Creates a visitor who has an account and is logged in. */
export async function createLoggedInVisitor(world: World): Promise<Visitor> {
  await register(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  return visitor;
}

/** Returns the names of the devices on an account page. */
export function readDeviceNames({ html }: PageResponse): string[] {
  return [...html.matchAll(/<li class="row"><div><h3>([\s\S]*?)<\/h3>/g)].map(([, name = ""]) => htmlToText(name));
}
