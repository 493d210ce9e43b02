import { parentPort, workerData } from "node:worker_threads";
import bcrypt from "bcrypt";

const { password, hash } = workerData as { password: string; hash: string };

parentPort?.on("message", (count: number) => {
  for (let done = 0; done < count; done++) {
    if (!bcrypt.compareSync(password, hash)) throw new Error("bcrypt did not match the password with its hash");
  }
  parentPort?.postMessage("done");
});
