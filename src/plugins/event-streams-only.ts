import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

const isEventStreamAccepted = (accept: string | null) =>
  accept === null || /text\/event-stream|text\/\*|\*\/\*/i.test(accept);

/**
 * Refuses a subscription to an HTTP client that takes no event stream, before anything is watched for it.
 * Left alone, Yoga answers 406 without a word and forgets the stream, which would go on.
 */
export const useEventStreamsOnly = (): Plugin => ({
  onSubscribe({ args: { contextValue }, setResultAndStopExecution }) {
    const { request } = contextValue;
    if (!request || isEventStreamAccepted(request.headers.get('accept'))) return;
    setResultAndStopExecution({
      errors: [
        new GraphQLError(
          'A subscription is told as it happens: accept text/event-stream, or use a WebSocket (graphql-transport-ws).',
          { extensions: { code: 'BAD_USER_INPUT', http: { status: 406 } } },
        ),
      ],
    });
  },
});
