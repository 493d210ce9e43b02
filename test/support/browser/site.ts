import { startMailServer } from "../mail-server.ts";
import { findFreePort } from "../postgres-server.ts";
import { startService } from "../service.ts";
import { productionEnvironment } from "../world.ts";

/** The service as a process with production settings, but over http, with an empty database and an SMTP server. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  /** Waits for the next email to this address with a link to this page, and returns the link. */
  waitForLink(to: string, path: string): Promise<string>;
}

export async function startSite(environment: Record<string, string> = {}): Promise<Site> {
  await using resources = new AsyncDisposableStack();
  const mailServer = resources.use(await startMailServer());
  const port = await findFreePort();
  const url = `http://localhost:${port}`;
  resources.use(
    await startService({
      ...productionEnvironment,
      UNSAFE_PRODUCTION: "1",
      PORT: String(port),
      PUBLIC_URL: url,
      SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
      ...environment,
    }),
  );
  const started = resources.move();
  return {
    url,
    async waitForLink(to, path) {
      for (;;) {
        const mail = await mailServer.nextMail();
        const [link] = new RegExp(`${url}${path}\\S*`).exec(mail.mime.text ?? "") ?? [];
        if (link !== undefined && mail.to.includes(to)) return link;
      }
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
