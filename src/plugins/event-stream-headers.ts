import type { Plugin } from 'graphql-yoga';

/** Asks proxies to pass each event on at once instead of gathering them. */
export const useEventStreamHeaders = (): Plugin => ({
  onResponse({ response }) {
    const isEventStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (isEventStream) response.headers.set('x-accel-buffering', 'no');
  },
});
