import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { reportReady } from '../support/child.ts';

/** The least that any server must do: one frame of text to every socket. */
const http = createServer().listen(0, '127.0.0.1');
await once(http, 'listening');
const sockets = new WebSocketServer({ server: http });
sockets.on('connection', (socket) => {
  socket.on('message', (message) => {
    const { type } = JSON.parse(String(message));
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
  });
});
process.on('message', ({ publish }: { publish?: { text: string } }) => {
  if (publish) for (const socket of sockets.clients) socket.send(publish.text);
});
reportReady({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` });
