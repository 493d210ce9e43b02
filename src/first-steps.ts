/** The contract in seven requests, to be tried one after the other. */
export function firstSteps(url: string): string[] {
  const login = "-d email=bob@example.com -d password";
  return [
    `curl ${url}/`,
    `curl -X POST ${url}/users ${login}=mySuperPwd`,
    `curl -X POST ${url}/sessions ${login}=mySuperPwd -c cookies.txt`,
    `curl ${url}/profile -b cookies.txt`,
    `curl -X DELETE ${url}/sessions -b cookies.txt -c cookies.txt`,
    `curl -X POST ${url}/reset_password -d email=bob@example.com`,
    `curl -X PUT ${url}/reset_password -d email=bob@example.com -d reset_token=THE_TOKEN -d new_password=myNewPwd`,
  ];
}
