import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** A client of WebSockets that costs next to nothing, so that it is the server that is measured. */
export interface RawSocket {
  send(text: string): void;
}

const masked = (opcode: number, payload: Buffer): Buffer => {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  // a mask of zeros leaves the payload as it is
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
};

export const openRawSocket = (url: string, onText: (text: string) => void): Promise<RawSocket> =>
  new Promise((resolve, reject) => {
    const { hostname, port, pathname, host } = new URL(url);
    const stream = connect(Number(port), hostname);
    stream.setNoDelay(true);
    let opened = false;
    let rest: Buffer = Buffer.alloc(0);

    const readFrames = () => {
      while (rest.length >= 2) {
        const opcode = (rest[0] ?? 0) & 0x0f;
        const short = (rest[1] ?? 0) & 0x7f;
        if (short === 127 || (short === 126 && rest.length < 4)) break;
        const head = short === 126 ? 4 : 2;
        const end = head + (short === 126 ? rest.readUInt16BE(2) : short);
        if (rest.length < end) break;
        const payload = rest.subarray(head, end);
        rest = rest.subarray(end);
        if (opcode === 0x1) onText(payload.toString('latin1'));
        if (opcode === 0x9) stream.write(masked(0xa, payload));
        if (opcode === 0x8) stream.destroy();
      }
    };
    stream.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!opened) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!rest.toString('latin1', 0, end).startsWith('HTTP/1.1 101'))
          reject(new Error(rest.toString('latin1', 0, end)));
        rest = rest.subarray(end + 4);
        opened = true;
        resolve({ send: (text) => void stream.write(masked(0x1, Buffer.from(text))) });
      }
      readFrames();
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('The socket was closed.')));
    stream.once('connect', () => {
      stream.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
      );
    });
  });
