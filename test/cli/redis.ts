/** A redis-server of a test's own, where one is installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export class TestRedis {
  private server: ChildProcess | undefined;

  constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** With an empty store; when it has ended, it answers. */
  async start(): Promise<void> {
    const place = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.folder];
    this.server = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    const client = this.client();
    for (const end = performance.now() + 20_000; client.status !== 'ready' && performance.now() < end; )
      await pause(20);
    client.disconnect();
  }

  client(): Redis {
    return new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 }).on('error', () => undefined);
  }

  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }
}
