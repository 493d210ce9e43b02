import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";

export const live: Resource = {
  GET: endpoint(
    {
      summary: "Checks that the process runs. If it does not answer, restart it.",
      answers: () => ({ 200: { description: "The process runs.", json: z.object({ status: z.literal("live") }) } }),
      refusals: [],
    },
    ({ answers }) =>
      () =>
        answers.json(200, { status: "live" }),
  ),
};

export const ready: Resource = {
  GET: endpoint(
    {
      summary: "Checks that the database answers. If it does not, send requests to other nodes.",
      answers: () => ({
        200: { description: "The database answers.", json: z.object({ status: z.literal("ready") }) },
      }),
      refusals: [],
    },
    ({ auth, answers }) =>
      async () => {
        await auth.ping();
        return answers.json(200, { status: "ready" });
      },
  ),
};
