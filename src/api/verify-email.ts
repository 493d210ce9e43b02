import { createDeviceSecret } from "../http/cookies.ts";
import { readFields, required } from "../http/fields.ts";
import { rememberDevice } from "../http/remember-device.ts";
import type { Resource, Service } from "../http/service.ts";
import { findSession, setSession } from "../http/session-cookies.ts";

export function emailVerification(service: Service): Resource {
  const { auth, settings, answers, caller } = service;
  return {
    async POST(c) {
      const fields = await readFields(c, "email");
      const email = await auth.verifyEmail.request(required(fields.email, "email"), caller(c));
      return answers.json(200, { email, message: "verification mail sent" });
    },
    async PUT(c) {
      const { email = "", token = "", password = "" } = await readFields(c, "email", "token", "password");
      const redeemer = { ...caller(c), newDevice: createDeviceSecret() };
      const sessionId = await findSession(c, service);
      const { user, session } = await auth.verifyEmail.confirm({ email, token, password, sessionId }, redeemer);
      const kept = session ? setSession(c, service, session.sessionId) : [];
      const headers = { "Set-Cookie": [...rememberDevice(redeemer, settings), ...kept] };
      return answers.json(200, { email: user.email, message: "email verified" }, headers);
    },
  };
}
