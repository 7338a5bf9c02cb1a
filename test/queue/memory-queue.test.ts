import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { queueContract } from "./contract.ts";

queueContract("memory", async () => createMemoryQueue());
