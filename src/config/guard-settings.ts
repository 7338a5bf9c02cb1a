/** What guards the door: which proxies are believed, and how much of what is not verified is listened to. */
import { z } from "zod";
import { isRange } from "../model/address.ts";
import { size } from "./setting-types.ts";

const range = z
  .string()
  .refine(isRange, "is no range of addresses; write 10.0.0.0/8, 2001:db8::/32, one address, or unix");

export const trustedProxies = z
  .array(range)
  .default([])
  .describe(
    "Proxies whose X-Forwarded-For is believed: ranges or addresses, and unix for a proxy that comes through a socket. Default: none.",
  );

/** What is verified is never refused for what others sent. */
export const guardLimits = z
  .strictObject({
    refused: z
      .int()
      .min(1)
      .default(60)
      .describe("Requests a minute from one address to one source that may fail to be verified. Default 60."),
    refusedInAll: z.int().min(1).default(600).describe("The same from all addresses together. Default 600."),
    formsPerMinute: z.int().min(1).default(5).describe("Plain HTML forms from one address. Default 5."),
    formsPerHour: z.int().min(1).default(60).describe("The same in an hour. Default 60."),
    buffered: size
      .default(64 * 1024 ** 2)
      .refine((bytes) => bytes >= 64 * 1024 ** 2, "is too little for two large deliveries at once; write 64MB or more")
      .describe("Bytes of all requests together that are read and not verified yet. Default, and least: 64MB."),
  })
  .describe("How much of what is not verified is listened to.");

export type GuardLimits = z.output<typeof guardLimits>;
