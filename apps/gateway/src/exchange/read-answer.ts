import type { UpstreamCall, UpstreamRequest, UpstreamSender } from '../upstream/send.js';

const BYTES_MAX = 1024 * 1024;

/** One small answer, read whole; null when there was none. */
export function readAnswer(
  upstream: UpstreamSender,
  request: UpstreamRequest,
): Promise<{ readonly status: number; readonly body: Buffer } | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let bytes = 0;
    const call: UpstreamCall = upstream.send(request, {
      onHead: (received) => {
        status = received;
      },
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes <= BYTES_MAX) chunks.push(chunk);
        else call.abort();
      },
      onEnd: () => resolve({ status, body: Buffer.concat(chunks) }),
      onFault: () => resolve(null),
      onCrash: reject,
    });
  });
}
