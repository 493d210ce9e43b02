import { parentPort, workerData } from "node:worker_threads";
import bcrypt from "bcrypt";

const { password, hash } = workerData as { password: string; hash: string };

parentPort?.on("message", (count: number) => {
  for (let done = 0; done < count; done++) {
    if (!bcrypt.compareSync(password, hash)) throw new Error("bcrypt does not know the password again");
  }
  parentPort?.postMessage("done");
});
