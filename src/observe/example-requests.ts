/** The contract in seven requests, to try one after the other. */
export function exampleRequests(origin: string): string[] {
  // A shell would take the brackets of an IPv6 address for a pattern.
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

/** Why development mode must not be reachable by others. */
export const developmentWarning = [
  "In development, reset tokens and /dev/outbox are for programs on this machine, which are known by Host: localhost.",
  "Behind a plain TCP forward or tunnel (ssh, socat, kubectl port-forward) a stranger can send that, and counts as one of them.",
  "Use NODE_ENV=production before others can reach this port.",
];
