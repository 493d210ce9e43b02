import type { Description, Descriptions } from "../http/description.ts";
import type { Handler, Pages, Resource, Service } from "../http/service.ts";
import type { Page } from "./kit/form.ts";
import type { Site } from "./site.ts";

const view: Description = {
  summary: "Shows a page.",
  isPage: true,
  session: "optional",
  answers: () => ({
    200: { description: "The page.", content: ["text/html"] },
    303: { description: "Redirects to another page.", headers: { Location: "The page." } },
  }),
  refusals: [],
};
const form: Description = { ...view, summary: "Submits the form of a page." };
const hashingForm: Description = { ...form, hashesPassword: true };

/** Every page: the file that shows it, loaded with the first request, and its descriptions by method. */
const pages: Readonly<Record<string, Descriptions & { load(): Promise<Page> }>> = {
  "/login": { load: async () => (await import("./log-in.ts")).logIn, GET: view, POST: hashingForm },
  "/register": { load: async () => (await import("./register.ts")).register, GET: view, POST: hashingForm },
  "/logout": { load: async () => (await import("./log-out.ts")).logOut, GET: view, POST: form },
  "/forgot": { load: async () => (await import("./forgot-password.ts")).forgotPassword, GET: view, POST: form },
  "/reset": { load: async () => (await import("./reset-password.ts")).resetPassword, GET: view, POST: hashingForm },
  "/verify": { load: async () => (await import("./verify-email.ts")).verifyEmail, GET: view, POST: hashingForm },
  "/undo-email-change": {
    load: async () => (await import("./undo-email-change.ts")).undoEmailChange,
    GET: view,
    POST: form,
  },
  "/mailbox": { load: async () => (await import("./mailbox.ts")).mailbox, GET: view },
  "/account": { load: async () => (await import("./account/account.ts")).account, GET: view },
  "/account/password": {
    load: async () => (await import("./account/change-password.ts")).changePassword,
    GET: view,
    POST: hashingForm,
  },
  "/account/email": {
    load: async () => (await import("./account/change-email.ts")).changeEmail,
    GET: view,
    POST: hashingForm,
  },
  "/account/devices": { load: async () => (await import("./account/devices.ts")).devices, GET: view, POST: form },
  "/account/export": {
    load: async () => (await import("./account/export-account.ts")).exportAccount,
    GET: view,
    POST: hashingForm,
  },
  "/account/delete": {
    load: async () => (await import("./account/delete-account.ts")).deleteAccount,
    GET: view,
    POST: hashingForm,
  },
  "/.well-known/change-password": {
    load: async () => (await import("./well-known.ts")).wellKnownChangePassword,
    GET: view,
  },
};

/** Style sheet, script, icon and logo. */
const assetsPath = "/assets/:name{[\\w.-]+}";
const asset: Description = {
  summary: "Returns a style sheet, a script or the logo of the pages.",
  answers: () => ({ 200: { description: "The file.", content: ["text/css", "text/javascript", "image/svg+xml"] } }),
  refusals: ["not_found"],
};

/** The descriptions of all pages, by path. */
export const pageDescriptions: Readonly<Record<string, Descriptions>> = {
  ...Object.fromEntries(Object.entries(pages).map(([path, { load: _, ...descriptions }]) => [path, descriptions])),
  [assetsPath]: { GET: asset },
};

export function createPages(service: Service): Pages {
  let loaded: Site | undefined;
  const site = async () => {
    loaded ??= (await import("./site.ts")).createSite(service);
    return loaded;
  };
  const resource = ({ load, GET, POST }: (typeof pages)[string]): Resource => ({
    ...(GET && { GET: { description: GET, create: () => async (c) => (await site()).show(c, await load()) } }),
    ...(POST && { POST: { description: POST, create: () => async (c) => (await site()).submit(c, await load()) } }),
  });
  const answerAsset: Handler = async (c) => (await site()).asset(c);
  return {
    resources: {
      ...Object.fromEntries(Object.entries(pages).map(([path, page]) => [path, resource(page)])),
      [assetsPath]: { GET: { description: asset, create: () => answerAsset } },
    },
    refuse: async (c, refusal, headers) => (await site()).refuse(c, refusal, headers),
  };
}
