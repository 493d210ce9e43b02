import { hash } from "node:crypto";
import { emailKey, isDeliverable } from "../../values/email.ts";
import { networksOf } from "../../values/network.ts";
import type { Caller } from "../caller.ts";

/** The kinds of subjects by which attempts are counted. */
export type SubjectKind =
  | "account"
  | "address"
  | "reset"
  | "verification"
  | "newAddress"
  | "currentAddress"
  | "registration"
  | "network"
  | "device";

/** The caller and the target of an attempt. */
export interface Subject {
  readonly address?: string;
  /** The current address of an account whose email is to change. */
  readonly currentAddress?: string;
  readonly caller: Caller;
  /** The user whose known device this is. */
  readonly userId?: number | undefined;
  readonly device?: string | undefined;
  /** The registration whose password is checked. */
  readonly registrationId?: number;
}

/**
 * For each kind, returns the ids of a subject. The keys of limits are made of them. Returns none if that part of the
 * subject is unknown.
 */
export const subjectIds: Record<SubjectKind, (subject: Subject) => readonly string[]> = {
  account: ({ address }) => getMailboxIds("", address),
  address: ({ address }) => getAddressIds("address:", address),
  // By exact address: requests for other spellings, which send no email, must not use up those of the owner.
  reset: ({ address }) => getAddressIds("reset:", address),
  verification: ({ address }) => getAddressIds("verification:", address),
  newAddress: ({ address }) => getMailboxIds("move:", address),
  currentAddress: ({ currentAddress }) => getMailboxIds("mover:", currentAddress),
  registration: ({ registrationId }) => (registrationId === undefined ? [] : [`registration:${registrationId}`]),
  network: ({ caller }) => networksOf(caller.ip),
  device: ({ device, userId }) => (device ? [hash("sha256", `${device} ${userId}`, "base64url")] : []),
};

/**
 * Returns one id for all addresses of a mailbox: a suffix after a plus sign is ignored, and so are dots in Gmail
 * addresses. Text that is not an email address is hashed unchanged, because a part of it may be another user's address.
 */
export function getMailboxIds(prefix: string, address: string | undefined): string[] {
  if (!address) return [];
  const key = emailKey(address);
  return [`${prefix}${hash("sha256", isDeliverable(key) ? getMailbox(key) : key, "base64url")}`];
}

/** Returns the id of exactly this address, in any letter case. */
export function getAddressIds(prefix: string, address: string | undefined): string[] {
  return address ? [`${prefix}${hash("sha256", emailKey(address), "base64url")}`] : [];
}

function getMailbox(key: string): string {
  const [local = "", domain = ""] = key.split("@");
  const plain = local.replace(/(?<=.)\+.*/, "");
  return /^(gmail|googlemail)\.com$/.test(domain) ? `${plain.replaceAll(".", "")}@gmail.com` : `${plain}@${domain}`;
}
