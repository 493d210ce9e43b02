import { html } from "hono/html";
import { isFromThisMachine } from "../../http/this-machine.ts";
import { button, emailField, type FormState, form } from "./form.ts";
import type { Html } from "./layout.ts";
import type { Visit } from "./visit.ts";

/** Returns the form that requests an email, with one field for the address. */
export function mailForm(visit: Visit, state: FormState, action: string, name: string): Html {
  return html`${form(visit, { action, hasFormId: true, hasReturnTo: true, body: html`${emailField(visit, state)}${button(name)}` })}${devOutboxHint(visit)}`;
}

/** Returns a link to the development outbox. Returns false in production, with SMTP_URL, and to other machines. */
export function devOutboxHint({ c, texts, service }: Visit): Html | false {
  const isShown = service.outbox !== undefined && service.settings.NODE_ENV !== "production" && isFromThisMachine(c);
  return (
    isShown &&
    html`<div class="message plain"><p>${texts.mailbox.inDevelopment}</p>
<p><a href="/dev/outbox">${texts.mailbox.outbox}</a></p></div>
`
  );
}
