import type { Resource, Service } from "./service.ts";

/** Every method, for browsers and `curl -L -X` keep theirs when logging out leads them here. */
export function root({ answers }: Service): Resource {
  const welcome = () => answers.json(200, { message: "Bienvenue" });
  return { GET: welcome, POST: welcome, PUT: welcome, DELETE: welcome };
}
