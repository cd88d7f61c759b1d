import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test as base } from "@playwright/test";
import { type ModelServer, startModelServer } from "./model-server.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const PYTHON = path.join(REPOSITORY, ".venv/bin/python");
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/** The real server on a data folder of its own. */
export class Server {
  readonly url: string;
  private readonly dataDir: string;
  private process: ChildProcess | null = null;
  private readonly output: string[] = [];

  private constructor(port: number, dataDir: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir;
  }

  static async start(): Promise<Server> {
    const dataDir = await mkdtemp(path.join(tmpdir(), "docchat-e2e-"));
    const server = new Server(await freePort(), dataDir);
    await server.run();
    return server;
  }

  /** Starts the process, on the data folder as the last one left it. */
  async run(): Promise<void> {
    const child = spawn(PYTHON, ["-m", "backend", "serve"], {
      cwd: REPOSITORY,
      env: {
        ...process.env,
        HOST: "127.0.0.1",
        PORT: new URL(this.url).port,
        DATA_DIR: this.dataDir,
        SIGNUP_ENABLED: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
      // Its own process group, so that `kill` reaches all of it.
      detached: true,
    });
    this.process = child;
    child.stdout.on("data", (data: Buffer) => this.output.push(data.toString()));
    child.stderr.on("data", (data: Buffer) => this.output.push(data.toString()));
    try {
      await this.waitUntilReady(child);
    } catch (error) {
      await this.remove();
      throw new Error(`The server did not start.\n${this.output.join("")}`, { cause: error });
    }
  }

  /** Ends every process at once, as a power cut does. */
  async kill(): Promise<void> {
    if (this.process?.pid === undefined) return;
    const ended = exitOf(this.process);
    process.kill(-this.process.pid, "SIGKILL");
    await ended;
  }

  /** Runs a statement on the database, for what no call of the API can bring about. */
  execute(statement: string): void {
    const script =
      "import sqlite3, sys\n" +
      "with sqlite3.connect(sys.argv[1]) as connection: connection.execute(sys.argv[2])";
    const database = path.join(this.dataDir, "docchat.db");
    const { status, stderr } = spawnSync(PYTHON, ["-c", script, database, statement]);
    if (status !== 0) throw new Error(stderr.toString());
  }

  async remove(): Promise<void> {
    if (this.process?.exitCode === null && this.process.signalCode === null) {
      const ended = exitOf(this.process);
      this.process.kill("SIGTERM");
      const force = setTimeout(() => void this.kill(), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(force);
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async waitUntilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`It ended with code ${child.exitCode}.`);
      const ready = await fetch(`${this.url}/api/health/ready`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return;
      await sleep(100);
    }
    throw new Error("It was not ready in time.");
  }
}

/** Gives every test an installation of its own, which no account has been created in. */
export const freshTest = base.extend<{ server: Server }>({
  // Playwright wants a destructured argument, also where nothing is needed.
  // eslint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.remove();
  },
  baseURL: async ({ server }, use) => {
    await use(server.url);
  },
});

/** One installation and one language model for all tests; each test makes an account of its own. */
export const test = base.extend<object, { server: Server; model: ModelServer }>({
  server: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.remove();
    },
    { scope: "worker" },
  ],
  model: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const model = await startModelServer();
      await use(model);
      await model.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ server }, use) => {
    await use(server.url);
  },
});

async function exitOf(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.once("exit", resolve));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}
