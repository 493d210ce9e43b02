import { startMailServer } from "../mail-server.ts";
import { findFreePort } from "../postgres-server.ts";
import { startService } from "../service.ts";
import { productionEnvironment } from "../world.ts";

/** The service as people meet it, with an empty database: real settings, but over http, and a server for its mails. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  /** Waits for the next mail to that address with a link to that page; where the link leads. */
  mailedLink(to: string, path: string): Promise<string>;
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
    async mailedLink(to, path) {
      for (;;) {
        const mail = await mailServer.next();
        const [link] = new RegExp(`${url}${path}\\S*`).exec(mail.mime.text ?? "") ?? [];
        if (link !== undefined && mail.to.includes(to)) return link;
      }
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
