/** Returns curl commands for the requests of the contract, in an order that works. */
export function exampleRequests(origin: string): string[] {
  // A shell would read the brackets of an IPv6 address as a pattern.
  const at = (path: string) => (/[^\w.:/-]/.test(origin) ? `"${origin}${path}"` : origin + path);
  const login = "-d email=bob@example.com -d password";
  return [
    `curl ${at("/")}`,
    `curl -X POST ${at("/users")} ${login}=mySuperPwd`,
    `curl -X POST ${at("/sessions")} ${login}=mySuperPwd -c cookies.txt`,
    `curl ${at("/profile")} -b cookies.txt`,
    `curl -X DELETE ${at("/sessions")} -b cookies.txt -c cookies.txt`,
    `curl -X POST ${at("/reset_password")} -d email=bob@example.com`,
    `curl -X PUT ${at("/reset_password")} -d email=bob@example.com -d reset_token=THE_TOKEN -d new_password=myNewPwd`,
  ];
}

/** Why development mode must not be reachable from other machines. */
export const developmentWarning = [
  "In development, reset tokens and /dev/outbox can be read by programs on this machine, recognized by Host: localhost.",
  "Behind a plain TCP forward or tunnel (ssh, socat, kubectl port-forward), attackers can send that header too.",
  "Set NODE_ENV=production before this port can be reached from other machines.",
];
