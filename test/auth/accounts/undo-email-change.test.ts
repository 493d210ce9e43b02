import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import type { Mail, Mailer } from "../../../src/mail/mailer.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { minute, productionEnvironment } from "../../support/world.ts";

const email = "bob@example.com";
const newEmail = "new@example.com";
const password = "plough-Violet-9-harbour";

test("a link whose email may have been accepted works until a newer email is accepted, and is stored as a hash", async () => {
  await using store = await createStore(productionEnvironment);
  const sent: Mail[] = [];
  let isLost = false;
  const mailer: Mailer = {
    send: async (mail) => {
      sent.push(mail);
      if (isLost) throw new Error("the connection broke");
    },
    close: async () => {},
  };
  const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4" });
  const auth = new Auth(store.db, { hashThreads, settings, mailer, clock: store.clock.now });
  const newest = async (kind: string) => {
    await auth.outbox.deliver();
    return sent.findLast((mail) => mail.kind === kind)?.token ?? assert.fail(kind);
  };
  await auth.account.register(email, password);
  await auth.verifyEmail.confirm({ token: await newest("confirm_email"), password });
  const { session } = await auth.logIn({ email, password });
  await auth.account.changeEmail(session.sessionId, newEmail);
  await auth.verifyEmail.confirm({ token: await newest("confirm_new_email"), password });

  assert.ok(!/[\w-]{43}/.test(JSON.stringify(await store.readRows("outbox"))));
  isLost = true;
  const lost = await newest("email_changed");
  store.clock.advance(2 * minute);
  const another = await newest("email_changed");
  assert.notEqual(another, lost);
  for (const token of [lost, another]) {
    assert.equal(await auth.undoEmailChange.findEmail(token), email);
    const stored = await Promise.all(["users", "outbox", "former_emails", "mailed_tokens"].map(store.readRows));
    assert.ok(!JSON.stringify(stored).includes(token));
  }
  isLost = false;
  store.clock.advance(4 * minute);
  const accepted = await newest("email_changed");
  for (const token of [lost, another]) assert.equal(await auth.undoEmailChange.findEmail(token), null);
  assert.equal((await auth.undoEmailChange.undo(accepted)).email, email);
  await auth.close();
});
