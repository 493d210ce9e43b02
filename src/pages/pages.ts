import type { Description, Descriptions } from "../http/description.ts";
import type { Handler, Pages, Resource, Service } from "../http/service.ts";
import * as accountDescriptions from "./account/descriptions.ts";
import * as descriptions from "./descriptions.ts";
import type { FormDescription } from "./kit/describe.ts";
import type { FormPage, Page } from "./kit/form.ts";
import type { Site } from "./site.ts";

/** The descriptions of a page's methods, and a function that loads the page. A page that handles a form must describe POST. */
type Route =
  | { readonly GET: Description; readonly POST?: never; load(): Promise<Page & { readonly submit?: never }> }
  | { readonly GET: Description; readonly POST: FormDescription; load(): Promise<FormPage> };

/** All pages, by path. The first request for a page loads its module. */
const pages: Readonly<Record<string, Route>> = {
  "/login": { ...descriptions.logIn, load: async () => (await import("./log-in.ts")).logIn },
  "/register": { ...descriptions.register, load: async () => (await import("./register.ts")).register },
  "/logout": { ...descriptions.logOut, load: async () => (await import("./log-out.ts")).logOut },
  "/forgot": {
    ...descriptions.forgotPassword,
    load: async () => (await import("./forgot-password.ts")).forgotPassword,
  },
  "/reset": { ...descriptions.resetPassword, load: async () => (await import("./reset-password.ts")).resetPassword },
  "/verify": { ...descriptions.verifyEmail, load: async () => (await import("./verify-email.ts")).verifyEmail },
  "/undo-email-change": {
    ...descriptions.undoEmailChange,
    load: async () => (await import("./undo-email-change.ts")).undoEmailChange,
  },
  "/mailbox": { ...descriptions.mailbox, load: async () => (await import("./mailbox.ts")).mailbox },
  "/account": { ...accountDescriptions.account, load: async () => (await import("./account/account.ts")).account },
  "/account/password": {
    ...accountDescriptions.changePassword,
    load: async () => (await import("./account/change-password.ts")).changePassword,
  },
  "/account/email": {
    ...accountDescriptions.changeEmail,
    load: async () => (await import("./account/change-email.ts")).changeEmail,
  },
  "/account/devices": {
    ...accountDescriptions.devices,
    load: async () => (await import("./account/devices.ts")).devices,
  },
  "/account/export": {
    ...accountDescriptions.exportAccount,
    load: async () => (await import("./account/export-account.ts")).exportAccount,
  },
  "/account/delete": {
    ...accountDescriptions.deleteAccount,
    load: async () => (await import("./account/delete-account.ts")).deleteAccount,
  },
  "/.well-known/change-password": {
    ...descriptions.wellKnownChangePassword,
    load: async () => (await import("./well-known.ts")).wellKnownChangePassword,
  },
};

const assetsPath = "/assets/:name{[\\w.-]+}";

export const pageDescriptions: Readonly<Record<string, Descriptions>> = {
  ...Object.fromEntries(Object.entries(pages).map(([path, { load: _, ...methods }]) => [path, methods])),
  [assetsPath]: { GET: descriptions.asset },
};

export function createPages(service: Service): Pages {
  let loaded: Site | undefined;
  const site = async () => {
    loaded ??= (await import("./site.ts")).createSite(service);
    return loaded;
  };
  const resource = (route: Route): Resource => {
    const show: Handler = async (c) => (await site()).show(c, await route.load());
    const GET = { description: route.GET, create: () => show };
    if (!route.POST) return { GET };
    const { POST: description, load } = route;
    const submit: Handler = async (c) => (await site()).submit(c, await load(), description);
    return { GET, POST: { description, create: () => submit } };
  };
  const showAsset: Handler = async (c) => (await site()).asset(c);
  return {
    resources: {
      ...Object.fromEntries(Object.entries(pages).map(([path, route]) => [path, resource(route)])),
      [assetsPath]: { GET: { description: descriptions.asset, create: () => showAsset } },
    },
    refuse: async (c, refusal, headers) => (await site()).refuse(c, refusal, headers),
  };
}
