import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import type { Resource } from "../http/service.ts";

export const live: Resource = {
  GET: endpoint(
    {
      summary: "Checks that the process is running.",
      answers: () => ({
        200: {
          description: "The process is running. If this request fails, restart the process.",
          json: z.object({ status: z.literal("live") }),
        },
      }),
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
      summary: "Checks that the database is available.",
      answers: () => ({
        200: {
          description: "The database is available. If this request fails, send requests to other nodes.",
          json: z.object({ status: z.literal("ready") }),
        },
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
