import { z } from "zod";
import { AuthError, notLoggedInError } from "../errors.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";
import {
  clearSessionCookies,
  createLoginCookies,
  createSessionCookies,
  findSession,
  logOut,
  readSessionIds,
} from "../http/session-cookies.ts";
import { email, emailAnswer, password, sessionCookie, session as sessionSchema } from "./schemas.ts";

const maxPageLength = 100;

export const sessions: Resource = {
  GET: endpoint(
    {
      summary: "Lists the user's sessions, newest first.",
      query: () =>
        z.object({
          limit: z
            .string()
            .optional()
            .describe(`The maximum number of sessions on the page, from 1 to ${maxPageLength}.`),
          after: z.string().optional().describe("The `next` of the previous page."),
        }),
      session: "required",
      answers: () => ({
        200: {
          description: "A page of the list, with `next` if there are more sessions.",
          json: z.object({
            sessions: z.array(sessionSchema).readonly().describe("The sessions, newest first."),
            next: z.string().optional().describe("Value of `after` for the next page; missing on the last page."),
          }),
        },
      }),
      refusals: ["page_invalid"],
    },
    (service) => {
      const { auth, answers } = service;
      return async (c, { limit, after }) => {
        const page = { limit: pageLength(limit), after };
        const { sessions, next } = await auth.sessions.listPage(await findSession(c, service), page);
        return answers.json(200, { sessions, ...(next !== null && { next }) });
      };
    },
  ),
  POST: endpoint(
    {
      summary: "Logs a user in.",
      fields: () => z.object({ email, password }),
      session: "optional",
      hashesPassword: true,
      answers: () => ({
        200: {
          description: "The user is logged in. Any session of the request has ended.",
          json: z.object({ email: emailAnswer, message: z.literal("logged in") }),
          headers: {
            "Set-Cookie":
              "Sets the session cookie and, unless RATE_LIMIT is off, the device cookie. Clears other session cookies that the browser sent.",
          },
        },
      }),
      refusals: ["wrong_login", "email_not_verified", "too_many_tries"],
    },
    (service) => {
      const { auth, settings, answers, caller } = service;
      return async (c, { email, password }) => {
        const replaces = readSessionIds(c, settings);
        const opened = await auth.logIn({ email, password, replaces }, caller(c));
        const headers = { "Set-Cookie": createLoginCookies(c, opened, service) };
        return answers.json(200, { email: opened.user.email, message: "logged in" }, headers);
      };
    },
  ),
  DELETE: endpoint(
    {
      summary: "Logs the user out: ends the session of this request.",
      session: "required",
      answers: () => ({
        302: {
          description: "The session has ended.",
          headers: { Location: "Always `/`.", "Set-Cookie": "Clears the session cookie." },
        },
      }),
      refusals: [],
    },
    (service) => async (c) => {
      if (!(await logOut(c, service))) throw notLoggedInError();
      return service.answers.redirect("/", { "Set-Cookie": clearSessionCookies(c, service) });
    },
  ),
};

function pageLength(limit = `${maxPageLength}`): number {
  if (/^[1-9]\d{0,2}$/.test(limit) && Number(limit) <= maxPageLength) return Number(limit);
  throw new AuthError("page_invalid", `limit must be a whole number from 1 to ${maxPageLength}`);
}

/** One session. */
export const session: Resource = {
  DELETE: endpoint(
    {
      summary: "Ends one session.",
      path: () => z.object({ id: z.string().describe("The `id` of a session in `GET /sessions`.") }),
      session: "required",
      answers: () => ({
        200: { description: "The session has ended.", json: z.object({ message: z.literal("session ended") }) },
      }),
      refusals: ["unknown_session"],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c, { id }) => {
        await auth.sessions.end(await findSession(c, service), id, caller(c));
        return answers.json(200, { message: "session ended" });
      };
    },
  ),
};

/** All sessions of the user except that of the request. */
export const otherSessions: Resource = {
  DELETE: endpoint(
    {
      summary: "Ends all other sessions.",
      session: "required",
      answers: () => ({
        200: {
          description: "All other sessions have ended.",
          json: z.object({ message: z.literal("other sessions ended") }),
        },
      }),
      refusals: [],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c) => {
        await auth.sessions.endOthers(await findSession(c, service), caller(c));
        return answers.json(200, { message: "other sessions ended" });
      };
    },
  ),
};

export const confirmation: Resource = {
  POST: endpoint(
    {
      summary: "Confirms the password for ten minutes.",
      fields: () => z.object({ password }),
      session: "required",
      hashesPassword: true,
      answers: () => ({
        200: {
          description:
            "For ten minutes, no endpoint returns `password_needed` to this session. The session continues under a new id.",
          json: z.object({ email: emailAnswer, message: z.literal("password confirmed") }),
          headers: sessionCookie,
        },
      }),
      refusals: ["wrong_password", "too_many_tries"],
    },
    (service) => {
      const { auth, answers, caller } = service;
      return async (c, { password }) => {
        const sessionId = await findSession(c, service);
        const { user, session } = await auth.account.confirmPassword(sessionId, password, caller(c));
        const headers = { "Set-Cookie": createSessionCookies(c, service, session.sessionId) };
        return answers.json(200, { email: user.email, message: "password confirmed" }, headers);
      };
    },
  ),
};
