import type { ResponseHeaders } from "../http/answers.ts";
import type { RequestContext } from "../http/caller.ts";
import type { Refusal } from "../http/refusals.ts";
import type { Service } from "../http/service.ts";
import { errorPage } from "./error.ts";
import { createAssets, serveAsset } from "./kit/assets.ts";
import type { FormDescription } from "./kit/describe.ts";
import type { FormPage, FormState, Page } from "./kit/form.ts";
import { renderPage } from "./kit/layout.ts";
import { submit } from "./kit/submit.ts";
import { createVisit, type Visit } from "./kit/visit.ts";

/** The handlers of the pages. */
export interface Site {
  show(c: RequestContext, page: Page): Promise<Response>;
  submit(c: RequestContext, page: FormPage, description: FormDescription): Promise<Response>;
  asset(c: RequestContext): Response;
  refuse(c: RequestContext, refusal: Refusal, headers?: ResponseHeaders): Promise<Response>;
}

export function createSite(service: Service): Site {
  const assets = createAssets(service.settings);
  const show = async (visit: Visit, page: Page, state: FormState) => {
    const view = await page.show(visit, state);
    return view instanceof Response ? view : renderPage(visit, assets, view, state.problem);
  };
  const loadAccountPage = async () => (await import("./account/account.ts")).account;
  return {
    show: async (c, page) => show(await createVisit(service, c), page, { values: {} }),
    submit: (c, page, description) => submit(service, c, page, description, { show, loadAccountPage }),
    asset: (c) => serveAsset(service, assets, c.req.path),
    refuse: async (c, refusal, headers = {}) => errorPage(await createVisit(service, c), assets, refusal, headers),
  };
}
