import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstFree, isFree, portHolder, requireFreePorts } from './ports.mjs';

const server = net.createServer();
let port;

beforeAll(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = server.address().port;
});
afterAll(() => server.close());

describe('a port in use', () => {
  it('is seen, and the next free one is found', async () => {
    expect(await isFree(port)).toBe(false);
    expect(await firstFree(port)).toBeGreaterThan(port);
  });

  it('is named in one line with its holder and the variable that moves it', async () => {
    const failure = await requireFreePorts({ gateway: port }, { gateway: 'TOLLGATE_GATEWAY_PORT' }).catch(
      (error) => error,
    );
    expect(failure.message).toMatch(new RegExp(`^port ${port} \\(gateway\\) is in use by .+$`));
    expect(failure.hint).toContain(`TOLLGATE_GATEWAY_PORT=${port + 100}`);
  });

  it.runIf(process.platform === 'linux')('is held by this very process', () => {
    expect(portHolder(port)).toContain(`pid ${process.pid} `);
  });
});
