import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { maxBodyBytes } from '../access/admission.ts';
import { headOf } from '../access/request-head.ts';
import { type CallerHeaders, callerHeaders, type ReadHeader } from '../context.ts';
import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Log } from '../telemetry/log.ts';
import { requestIdOf } from '../telemetry/request-id.ts';
import { parseTraceparent } from '../telemetry/traceparent.ts';
import { createFrameSender } from './frame-sender.ts';
import { createGoodbye } from './goodbye.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createProtocol, type SocketState, withQuery } from './protocol.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { createSocketEntry } from './socket-entry.ts';

export interface WebSocketOptions {
  readonly http: Server;
  readonly path: string;
  readonly pipeline: Pipeline;
  readonly maxOperations: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WebSockets {
  readonly count: number;
  /**
   * Sends everybody away, spread over `windowMs` so that they do not all come back at once. Who waits for an answer
   * gets it first, until `patienceMs` are over.
   */
  close(windowMs: number, patienceMs?: number): Promise<void>;
  /** Ends all at once, without a goodbye. */
  terminate(): void;
}

/** How long stopping waits for the last goodbyes. */
const goodbyesMs = 2_000;
const goingAway = 1001;
const comeBack = 'The gateway is restarting';
const internalError = 4500;

/** What an upgrade says of its caller. The rest is let go: sockets are many, and live long. */
const callerHeadersOf = (headers: IncomingHttpHeaders): CallerHeaders =>
  Object.fromEntries(
    callerHeaders.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

const nothing = () => {};

/** Whether somebody waits for an answer, rather than for news. */
const isBusy = ({ operations }: SocketState) => [...operations.values()].some(({ isStream }) => !isStream);

const readerOf =
  (headers: CallerHeaders): ReadHeader =>
  (name) =>
    headers[name] ?? null;

/** Serves graphql-transport-ws on an HTTP server, at the same address as GraphQL over HTTP. */
export const serveWebSockets = (options: WebSocketOptions): WebSockets => {
  const { http, path, pipeline, maxOperations, clock, log } = options;
  const protocol = createProtocol({ pipeline, maxOperations });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBodyBytes,
    // one message at a time: graphql-ws mixes up an operation that ends with the next of the same id
    allowSynchronousEvents: false,
    handleProtocols: (offered) => handleProtocols(offered),
  });
  const heartbeat = createHeartbeat(clock);
  const states = new WeakMap<WebSocket, SocketState>();

  // what breaks a socket closes it, which is handled where it is served
  const noteBroken = (error: Error) => log.debug({ err: error }, 'a WebSocket broke');

  const serve = (socket: WebSocket, { headers }: IncomingMessage, address: string | null) => {
    const close = createGoodbye(socket, clock);
    const state: SocketState = {
      sender: createFrameSender(socket, (code, reason) => end(code, reason), clock.now),
      operations: new Map(),
      entry: createSocketEntry({ pipeline, address, close: (code, reason) => end(code, reason) }),
      isWanted: () => true,
      header: readerOf(callerHeadersOf(headers)),
      requestId: requestIdOf(headers['x-request-id']?.toString() ?? null),
      traceparent: parseTraceparent(headers['traceparent']?.toString() ?? null),
      count: 0,
      isClosing: false,
      onEnd: nothing,
    };
    states.set(socket, state);
    const abortUnwanted = () => {
      for (const [id, { abort }] of state.operations) if (!state.isWanted(id)) abort.abort();
    };
    let handle: (message: string) => Promise<void> = async () => {};
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (frame) => new Promise((resolve) => state.sender.send(frame, resolve)),
        close,
        onMessage: (callback) => {
          handle = callback;
        },
      },
      state,
    );
    let isOver = false;
    const leave = (code: number, reason: string) => {
      if (isOver) return;
      isOver = true;
      handle = async () => {};
      state.entry.leave();
      state.isWanted = () => false;
      abortUnwanted();
      void closed(code, reason);
    };
    /** Does not wait for the goodbye of the client before its operations end. */
    const end = (code: number, reason: string) => {
      close(code, reason);
      leave(code, reason);
    };
    const take = (message: string) => {
      handle(withQuery(message)).catch((error: unknown) => {
        log.error({ err: error }, 'a message over a WebSocket failed unexpectedly');
        close(internalError, 'Internal server error');
      });
      // an operation may be completed by its client while it is still being set up
      abortUnwanted();
    };
    socket.on('message', (message) => {
      const taken = state.sender.whenTaken();
      if (taken === null) return take(String(message));
      // it would be kept, parsed, behind answers that nobody reads, and further ones with it
      socket.pause();
      void taken.then(() => {
        socket.resume();
        take(String(message));
      });
    });
    heartbeat.add(socket, state.sender);
    socket.on('error', noteBroken);
    socket.once('close', (code, reason) => leave(code, String(reason)));
  };

  const upgrade = (request: IncomingMessage, stream: Duplex, firstBytes: Buffer) => {
    // nobody else listens to what breaks a stream that is being upgraded
    const breaks = () => stream.destroy();
    stream.on('error', breaks);
    if (request.url?.split('?', 1)[0] !== path) {
      refuseUpgrade(stream, { status: 404, message: `WebSockets are served at ${path}.` });
      return;
    }
    // browsers let any page open a socket anywhere, and say only here which page it is
    const head = headOf(request);
    const refusal = pipeline.admission(head);
    if (refusal !== null) {
      refuseUpgrade(stream, refusal);
      return;
    }
    const address = pipeline.gate.addressOf(head);
    try {
      pipeline.gate.countSocketFrom(address);
      const release = pipeline.gate.openSocketFrom(address);
      stream.once('close', release);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      pipeline.present(error);
      const { code, message, retryAfterMs } = error;
      refuseUpgrade(stream, { status: 429, code, message, retryAfterMs });
      return;
    }
    stream.off('error', breaks);
    sockets.handleUpgrade(request, stream, firstBytes, (socket) => serve(socket, request, address));
  };
  http.on('upgrade', upgrade);

  /** Once nobody at its other end waits for an answer. */
  const sendAway = (socket: WebSocket) => {
    const state = states.get(socket);
    const closeWhenIdle = () => {
      if (state && isBusy(state)) return;
      createGoodbye(socket, clock)(goingAway, comeBack);
    };
    if (state) {
      state.isClosing = true;
      // its last answer is handed over only after it has ended
      state.onEnd = () => setImmediate(closeWhenIdle);
    }
    closeWhenIdle();
  };
  const refuseWhileStopping = (_request: IncomingMessage, stream: Duplex) =>
    refuseUpgrade(stream, {
      status: 503,
      code: 'UPSTREAM_UNAVAILABLE',
      message: `${comeBack}. Connect again in a moment.`,
    });

  const terminate = () => {
    http.off('upgrade', upgrade);
    heartbeat.stop();
    for (const socket of sockets.clients) socket.terminate();
  };

  return {
    get count() {
      return sockets.clients.size;
    },
    terminate,
    async close(windowMs, patienceMs = windowMs) {
      http.off('upgrade', upgrade);
      http.on('upgrade', refuseWhileStopping);
      heartbeat.stop();
      const gone = [...sockets.clients].map((socket) => {
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        clock.after(Math.random() * windowMs, () => sendAway(socket));
        return closed;
      });
      const cancelDeadline = clock.after(Math.max(windowMs, patienceMs) + goodbyesMs, terminate);
      await Promise.all(gone);
      cancelDeadline();
    },
  };
};
