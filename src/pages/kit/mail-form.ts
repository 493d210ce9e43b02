import { html } from "hono/html";
import { isFromThisMachine } from "../../http/this-machine.ts";
import { button, emailField, type FormState, form } from "./form.ts";
import type { Html } from "./layout.ts";
import type { Visit } from "./visit.ts";

/** The form in which a mail is asked for, by the address alone. */
export function mailForm(visit: Visit, state: FormState, action: string, name: string): Html {
  return html`${form(visit, { action, hasFormId: true, hasReturnTo: true, body: html`${emailField(visit, state)}${button(name)}` })}${devOutboxHint(visit)}`;
}

/** Where mails are while no server sends them: told to whoever develops, on the service's own machine. */
export function devOutboxHint({ c, words, service }: Visit): Html | false {
  const waits = service.outbox !== undefined && service.settings.NODE_ENV !== "production" && isFromThisMachine(c);
  return (
    waits &&
    html`<div class="message plain"><p>${words.mailbox.inDevelopment}</p>
<p><a href="/dev/outbox">${words.mailbox.outbox}</a></p></div>
`
  );
}
