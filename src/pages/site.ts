import type { ResponseHeaders } from "../http/answers.ts";
import type { RequestContext } from "../http/caller.ts";
import type { Refusal } from "../http/refusals.ts";
import type { Service } from "../http/service.ts";
import { errorPage } from "./error.ts";
import { answerAsset, createAssets } from "./kit/assets.ts";
import type { Filled, Page } from "./kit/form.ts";
import { present } from "./kit/layout.ts";
import { submit } from "./kit/submit.ts";
import { type Visit, visit } from "./kit/visit.ts";

/** The pages of one service, as they are asked for. */
export interface Site {
  show(c: RequestContext, page: Page): Promise<Response>;
  submit(c: RequestContext, page: Page): Promise<Response>;
  asset(c: RequestContext): Response;
  refuse(c: RequestContext, refused: Refusal, headers?: ResponseHeaders): Promise<Response>;
}

export function createSite(service: Service): Site {
  const assets = createAssets(service.settings);
  const show = async (at: Visit, page: Page, filled: Filled) => {
    const view = await page.show(at, filled);
    return view instanceof Response ? view : present(at, assets, view, filled.problem);
  };
  const overview = async () => (await import("./account/account.ts")).account;
  return {
    show: async (c, page) => show(await visit(service, c), page, { values: {} }),
    submit: (c, page) => submit(service, c, page, { show, overview }),
    asset: (c) => answerAsset(service, assets, c.req.path),
    refuse: async (c, refused, headers = {}) => errorPage(await visit(service, c), assets, refused, headers),
  };
}
