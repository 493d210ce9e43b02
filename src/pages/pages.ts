import type { Pages, Resource, Service } from "../http/service.ts";
import type { Page } from "./kit/form.ts";
import type { Site } from "./site.ts";

/** Every page. The first request for a page loads its file. */
const pages = {
  "/login": { load: async () => (await import("./log-in.ts")).logIn, methods: ["GET", "POST"] },
  "/register": { load: async () => (await import("./register.ts")).register, methods: ["GET", "POST"] },
  "/logout": { load: async () => (await import("./log-out.ts")).logOut, methods: ["GET", "POST"] },
  "/forgot": { load: async () => (await import("./forgot-password.ts")).forgotPassword, methods: ["GET", "POST"] },
  "/reset": { load: async () => (await import("./reset-password.ts")).resetPassword, methods: ["GET", "POST"] },
  "/verify": { load: async () => (await import("./verify-email.ts")).verifyEmail, methods: ["GET", "POST"] },
  "/undo-email-change": {
    load: async () => (await import("./undo-email-change.ts")).undoEmailChange,
    methods: ["GET", "POST"],
  },
  "/mailbox": { load: async () => (await import("./mailbox.ts")).mailbox, methods: ["GET"] },
  "/account": { load: async () => (await import("./account/account.ts")).account, methods: ["GET"] },
  "/account/password": {
    load: async () => (await import("./account/change-password.ts")).changePassword,
    methods: ["GET", "POST"],
  },
  "/account/email": {
    load: async () => (await import("./account/change-email.ts")).changeEmail,
    methods: ["GET", "POST"],
  },
  "/account/devices": { load: async () => (await import("./account/devices.ts")).devices, methods: ["GET", "POST"] },
  "/account/export": {
    load: async () => (await import("./account/export-account.ts")).exportAccount,
    methods: ["GET", "POST"],
  },
  "/account/delete": {
    load: async () => (await import("./account/delete-account.ts")).deleteAccount,
    methods: ["GET", "POST"],
  },
  "/.well-known/change-password": {
    load: async () => (await import("./well-known.ts")).wellKnownChangePassword,
    methods: ["GET"],
  },
} as const satisfies Record<string, { load(): Promise<Page>; methods: readonly ("GET" | "POST")[] }>;

/** Style sheet, script, icon and logo. */
const assetsPath = "/assets/:name{[\\w.-]+}";

export const pagePaths: readonly string[] = [...Object.keys(pages), assetsPath];

export function createPages(service: Service): Pages {
  let loaded: Site | undefined;
  const site = async () => {
    loaded ??= (await import("./site.ts")).createSite(service);
    return loaded;
  };
  const resources: [string, Resource][] = Object.entries(pages).map(([path, { load, methods }]) => {
    const handlers: Required<Pick<Resource, "GET" | "POST">> = {
      GET: async (c) => (await site()).show(c, await load()),
      POST: async (c) => (await site()).submit(c, await load()),
    };
    return [path, Object.fromEntries(methods.map((method) => [method, handlers[method]]))];
  });
  resources.push([assetsPath, { GET: async (c) => (await site()).asset(c) }]);
  return {
    resources: Object.fromEntries(resources),
    refuse: async (c, refused, headers) => (await site()).refuse(c, refused, headers),
  };
}
