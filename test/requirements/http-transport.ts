/** The HTTP transport of MCP, revision by revision, from HTTP+SSE to the stateless transport of 2026-07-28. */

import type { Requirement } from './requirement.ts'

export const httpTransportRequirements: readonly Requirement[] = [
  {
    id: 'HTTP-2024-11-05-01',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server validates `Origin` on every incoming connection; a foreign origin is refused on the SSE stream and on the POST endpoint.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-02',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'A server that runs locally binds to 127.0.0.1 only, so that a connection by the LAN address fails.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-03',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'The server authenticates every connection; without a credential the answer is 401.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-04',
    level: 'MUST',
    actor: 'server',
    sentence: 'The server offers two endpoints: one that opens an SSE stream and one that takes POSTs.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-05',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The first event on a new stream is `endpoint`, whose data is the URI to POST to, relative to the SSE URL or absolute.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-06',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client sends all its messages as POSTs to the URI of the `endpoint` event, and its credential only if that URI is on the same origin.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-07',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server delivers its messages, answers to `initialize` included, as SSE `message` events with JSON data, not in the answer to the POST.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'HTTP-2024-11-05-08',
    level: 'MUST',
    actor: 'client',
    sentence: 'The first message is `initialize`, with protocol version, capabilities and clientInfo.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/lifecycle#initialization',
  },
  {
    id: 'HTTP-2024-11-05-09',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server answers `initialize` with its capabilities, serverInfo, and the version that was asked for if it supports it, otherwise another that it supports.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/lifecycle#initialization',
  },
  {
    id: 'HTTP-2024-11-05-10',
    level: 'MUST',
    actor: 'client',
    sentence: 'After the result of `initialize` the client sends `notifications/initialized` once.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/lifecycle#initialization',
  },
  {
    id: 'HTTP-2024-11-05-11',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'Until initialization is complete neither side sends requests other than ping and, from the server, logging.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/lifecycle#initialization',
  },
  {
    id: 'HTTP-2024-11-05-12',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The client offers the latest version it supports, and disconnects if the server answers with one it does not.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/lifecycle#version-negotiation',
  },
  {
    id: 'HTTP-2025-03-26-01',
    level: 'MUST',
    actor: 'server',
    sentence: 'There is one MCP endpoint path, which supports POST and GET; GET may answer 405.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#streamable-http',
  },
  {
    id: 'HTTP-2025-03-26-02',
    level: 'MUST',
    actor: 'server',
    sentence: 'The server validates `Origin`: a foreign one is refused, an absent one is accepted.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-03-26-03',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2024-11-05-02: A server that runs locally binds to 127.0.0.1 only, so that a connection by the LAN address fails.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-03-26-04',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2024-11-05-03: The server authenticates every connection; without a credential the answer is 401.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-03-26-05',
    level: 'MUST',
    actor: 'client',
    sentence: 'Each message is a new POST whose `Accept` lists `application/json` and `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-06',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The body of a POST is one request, notification or response, or an array of requests and notifications, or an array of responses.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-07',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server accepts JSON-RPC batches and answers every request in them; sending batches is optional.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic#batching',
  },
  {
    id: 'HTTP-2025-03-26-08',
    level: 'MUST',
    actor: 'client',
    sentence:
      '`initialize` is not part of a batch, because nothing else may be sent before it is answered; such a batch is an error.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/lifecycle#initialization',
  },
  {
    id: 'HTTP-2025-03-26-09',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A POST of notifications and responses alone is answered with 202 and no body if accepted, otherwise with an HTTP error, whose body may be a JSON-RPC error without an id.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-10',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A POST that holds a request is answered with one JSON object as `application/json`, or with `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-11',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client supports both forms of answer, JSON and SSE.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-12',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'An SSE answer carries related messages, then one response for each request, then closes; it is not closed earlier unless the session expires.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-13',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'A dropped connection is not a cancellation: the work goes on, and `notifications/cancelled` cancels it.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-03-26-14',
    level: 'MUST',
    actor: 'client',
    sentence: 'A GET carries `Accept: text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-03-26-15',
    level: 'MUST',
    actor: 'server',
    sentence: 'A GET within a valid session is answered with `text/event-stream` or 405, and nothing else.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-03-26-16',
    level: 'MUST',
    actor: 'server',
    sentence: 'No JSON-RPC response is sent on a GET stream, except when a stream is resumed.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-03-26-17',
    level: 'MUST',
    actor: 'server',
    sentence: 'Each message is sent on one stream only; with two streams open, a notification arrives once.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#multiple-connections',
  },
  {
    id: 'HTTP-2025-03-26-18',
    level: 'MUST',
    actor: 'server',
    sentence:
      'An SSE event `id`, if used, is unique among all streams of the session, or of the client where there are no sessions.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-03-26-19',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'A client resumes by a GET with `Last-Event-ID`; the server may replay what came after that event on its stream, and MUST NOT replay messages of another stream.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-03-26-20',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A session id, if the server issues one with the answer to `initialize`, consists of visible ASCII 0x21 to 0x7E and should be unguessable.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-21',
    level: 'MUST',
    actor: 'client',
    sentence: 'A client that was given a session id sends it with every later request.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-22',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'A server that needs a session answers a request without one, other than `initialize`, with 400.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-23',
    level: 'MUST',
    actor: 'server',
    sentence: 'Requests of a terminated session are answered with 404.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-24',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A client whose session id is answered with 404 starts again with `initialize` and no session id.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-25',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'A client that no longer needs a session ends it by DELETE; the server may answer 405 if clients cannot end sessions.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-03-26-26',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'For an older server the client POSTs `initialize` and, on any 4xx, opens the URL by GET and expects an `endpoint` event.',
    source:
      'https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#backwards-compatibility',
  },
  {
    id: 'HTTP-2025-03-26-27',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'The lifecycle rules of HTTP-2024-11-05-08 to HTTP-2024-11-05-12 hold: initialize first, versions negotiated, `notifications/initialized` before ordinary work.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/lifecycle',
  },
  {
    id: 'HTTP-2025-06-18-01',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-01: There is one MCP endpoint path, which supports POST and GET; GET may answer 405.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http',
  },
  {
    id: 'HTTP-2025-06-18-02',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-02: The server validates `Origin`: a foreign one is refused, an absent one is accepted.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-06-18-03',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-03: A server that runs locally binds to 127.0.0.1 only, so that a connection by the LAN address fails.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-06-18-04',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-04: The server authenticates every connection; without a credential the answer is 401.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-06-18-05',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As HTTP-2025-03-26-05: Each message is a new POST whose `Accept` lists `application/json` and `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-06',
    level: 'MUST',
    actor: 'client',
    sentence: 'The body of a POST is exactly one request, notification or response.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-07',
    level: 'DECISION',
    actor: 'server',
    sentence:
      'Batching was removed, so an array body has no meaning any more; on a session negotiated at this revision or later it is answered with 400.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/changelog',
  },
  {
    id: 'HTTP-2025-06-18-08',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-09: A POST of a notification or a response is answered with 202 and no body if accepted, otherwise with an HTTP error, whose body may be a JSON-RPC error without an id.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-09',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-10: A POST of a request is answered with one JSON object as `application/json`, or with `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-10',
    level: 'MUST',
    actor: 'client',
    sentence: 'As HTTP-2025-03-26-11: The client supports both forms of answer, JSON and SSE.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-11',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-12: An SSE answer carries messages related to the request, then its response, then closes; it is not closed earlier unless the session expires.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-12',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'As HTTP-2025-03-26-13: A dropped connection is not a cancellation: the work goes on, and `notifications/cancelled` cancels it.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-06-18-13',
    level: 'MUST',
    actor: 'client',
    sentence: 'As HTTP-2025-03-26-14: A GET carries `Accept: text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-06-18-14',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-15: A GET within a valid session is answered with `text/event-stream` or 405, and nothing else.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-06-18-15',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-16: No JSON-RPC response is sent on a GET stream, except when a stream is resumed.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#listening-for-messages-from-the-server',
  },
  {
    id: 'HTTP-2025-06-18-16',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-17: Each message is sent on one stream only; with two streams open, a notification arrives once.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#multiple-connections',
  },
  {
    id: 'HTTP-2025-06-18-17',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-18: An SSE event `id`, if used, is unique among all streams of the session, or of the client where there are no sessions.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-06-18-18',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'As HTTP-2025-03-26-19: A client resumes by a GET with `Last-Event-ID`; the server may replay what came after that event on its stream, and MUST NOT replay messages of another stream.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-06-18-19',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-20: A session id, if the server issues one with the answer to `initialize`, consists of visible ASCII 0x21 to 0x7E and should be unguessable.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-20',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As HTTP-2025-03-26-21: A client that was given a session id sends it with every later request.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-21',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-03-26-22: A server that needs a session answers a request without one, other than `initialize`, with 400.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-22',
    level: 'MUST',
    actor: 'server',
    sentence: 'As HTTP-2025-03-26-23: Requests of a terminated session are answered with 404.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-23',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As HTTP-2025-03-26-24: A client whose session id is answered with 404 starts again with `initialize` and no session id.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-24',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'As HTTP-2025-03-26-25: A client that no longer needs a session ends it by DELETE; the server may answer 405 if clients cannot end sessions.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-06-18-25',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client sends `MCP-Protocol-Version` with every request after `initialize`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#protocol-version-header',
  },
  {
    id: 'HTTP-2025-06-18-26',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The version sent in that header is the negotiated one.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#protocol-version-header',
  },
  {
    id: 'HTTP-2025-06-18-27',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'Where the header is absent and the version is not known otherwise, the server assumes 2025-03-26 and serves the request.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#protocol-version-header',
  },
  {
    id: 'HTTP-2025-06-18-28',
    level: 'MUST',
    actor: 'server',
    sentence: 'An invalid or unsupported `MCP-Protocol-Version` is answered with 400.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#protocol-version-header',
  },
  {
    id: 'HTTP-2025-06-18-29',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'Both sides respect the negotiated version and use only capabilities that were negotiated: no `elicitation/create`, for example, to a client that did not declare it.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/lifecycle#operation',
  },
  {
    id: 'HTTP-2025-06-18-30',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The trigger for falling back to HTTP+SSE is still any 4xx to the POST of `initialize`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#backwards-compatibility',
  },
  {
    id: 'HTTP-2025-11-25-01',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-01: There is one MCP endpoint path, which supports POST and GET; GET may answer 405.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http',
  },
  {
    id: 'HTTP-2025-11-25-02',
    level: 'MUST',
    actor: 'server',
    sentence:
      'An `Origin` that is present and invalid is answered with exactly 403, whose body may be a JSON-RPC error without an id.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-11-25-03',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-03: A server that runs locally binds to 127.0.0.1 only, so that a connection by the LAN address fails.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-11-25-04',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-04: The server authenticates every connection; without a credential the answer is 401.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning',
  },
  {
    id: 'HTTP-2025-11-25-05',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As HTTP-2025-06-18-05: Each message is a new POST whose `Accept` lists `application/json` and `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-06',
    level: 'MUST',
    actor: 'client',
    sentence: 'As HTTP-2025-06-18-06: The body of a POST is exactly one request, notification or response.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-07',
    level: 'DECISION',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-07: Batching was removed, so an array body has no meaning any more; on a session negotiated at this revision or later it is answered with 400.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-08',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-08: A POST of a notification or a response is answered with 202 and no body if accepted, otherwise with an HTTP error, whose body may be a JSON-RPC error without an id.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-09',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-09: A POST of a request is answered with one JSON object as `application/json`, or with `text/event-stream`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-10',
    level: 'MUST',
    actor: 'client',
    sentence: 'As HTTP-2025-06-18-10: The client supports both forms of answer, JSON and SSE.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-11',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'As HTTP-2025-06-18-11: An SSE answer carries messages related to the request, then its response, then closes; it is not closed earlier unless the session expires.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-12',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'A new SSE stream starts with a priming event that has an `id` and empty `data`, so that the client can reconnect from there.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-13',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'After an event with an id the server may close the connection without ending the stream; the client then polls by reconnecting.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-14',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'Before such a close the server sends the SSE field `retry`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-15',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client waits the milliseconds of `retry` before it reconnects.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-16',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'The stream carries the response in the end and then terminates; an expired session may end it earlier.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server',
  },
  {
    id: 'HTTP-2025-11-25-17',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'Event ids say which stream they belong to, so that resuming one stream never yields the events of another.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-11-25-18',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'Resumption is always a GET with `Last-Event-ID`, whatever method opened the stream.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery',
  },
  {
    id: 'HTTP-2025-11-25-19',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client handles the session id as a secret.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-11-25-20',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'Sessions, version header and lifecycle are those of 2025-06-18 (HTTP-2025-06-18-19 to HTTP-2025-06-18-29); the session header is now spelled `MCP-Session-Id`, and header names are case-insensitive.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management',
  },
  {
    id: 'HTTP-2025-11-25-21',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The client falls back to HTTP+SSE on 400, 404 or 405 alone; 401, 403 or 422 do not make it fall back.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#backwards-compatibility',
  },
  {
    id: 'HTTP-2025-11-25-22',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'A call that cannot go on before a URL-mode elicitation is answered with the JSON-RPC error `-32042`, in this revision only.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#url-elicitation-required-error',
  },
  {
    id: 'HTTP-2026-07-28-01',
    level: 'MUST',
    actor: 'server',
    sentence: 'There is one MCP endpoint path, which supports POST; GET and DELETE are not required.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http',
  },
  {
    id: 'HTTP-2026-07-28-02',
    level: 'MUST',
    actor: 'server',
    sentence: 'The server validates `Origin`, and answers one that is present and invalid with 403.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http',
  },
  {
    id: 'HTTP-2026-07-28-03',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'A local server binds to loopback, and every connection is authenticated.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http',
  },
  {
    id: 'HTTP-2026-07-28-04',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Each message is a new POST whose `Accept` lists both types; the body is one request or one notification, never a JSON-RPC response, which a server answers with 400.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#sending-messages',
  },
  {
    id: 'HTTP-2026-07-28-05',
    level: 'MUST',
    actor: 'server',
    sentence:
      'An accepted notification is answered with 202 and no body, another with an HTTP error; the header rules do not apply to notifications, for which none are defined.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#sending-messages',
  },
  {
    id: 'HTTP-2026-07-28-06',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'A request is answered with a JSON object or with an SSE stream for that request alone, and the client supports both.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#sending-messages',
  },
  {
    id: 'HTTP-2026-07-28-07',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Every request carries `io.modelcontextprotocol/protocolVersion` and `io.modelcontextprotocol/clientCapabilities` in `params._meta`, and should carry `io.modelcontextprotocol/clientInfo`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic#_meta',
  },
  {
    id: 'HTTP-2026-07-28-08',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A request whose required `_meta` members are missing or malformed is answered with 400 and `-32602`; one that lacks only `clientInfo` is served.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic#_meta',
  },
  {
    id: 'HTTP-2026-07-28-09',
    level: 'MUST',
    actor: 'client',
    sentence: 'Every POST carries `MCP-Protocol-Version`, equal to the version in `_meta`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#protocol-version-header',
  },
  {
    id: 'HTTP-2026-07-28-10',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A version header that differs from `_meta` is answered with 400 and `-32020` (HeaderMismatch).',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#protocol-version-header',
  },
  {
    id: 'HTTP-2026-07-28-11',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A version that the server does not implement is answered with 400 and `-32022`, with `data.supported` and `data.requested`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-12',
    level: 'MUST',
    actor: 'server',
    sentence:
      "A method that the server does not implement is answered with 404 and `-32601` under the request's id; `initialize`, `ping`, `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe` in a modern envelope are such methods.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-13',
    level: 'MUST',
    actor: 'server',
    sentence:
      'Without a version header the server may assume 2025-03-26 if it serves clients older than 2025-06-18; otherwise it refuses with 400 and `-32020`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#protocol-version-header',
  },
  {
    id: 'HTTP-2026-07-28-14',
    level: 'MUST',
    actor: 'client',
    sentence: 'Every request carries `Mcp-Method`, equal to the `method` of the body.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers',
  },
  {
    id: 'HTTP-2026-07-28-15',
    level: 'MUST',
    actor: 'client',
    sentence:
      '`tools/call`, `resources/read` and `prompts/get` carry `Mcp-Name`, equal to `params.name` or `params.uri` (with the Tasks extension `params.taskId`).',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers',
  },
  {
    id: 'HTTP-2026-07-28-16',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A server that reads the body refuses a missing, differing or malformed mirrored header with 400 and `-32020`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers',
  },
  {
    id: 'HTTP-2026-07-28-17',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'Header names are case-insensitive, values case-sensitive, and white space around a value is ignored.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers',
  },
  {
    id: 'HTTP-2026-07-28-18',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Parameters marked `x-mcp-header` are mirrored as `Mcp-Param-<Name>`: left out when null or absent, integers and booleans as text, and anything unsafe in the sentinel `=?base64?…?=`, which also wraps an unsafe `Mcp-Name` and plain values that look like the sentinel.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'HTTP-2026-07-28-19',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A tool whose `x-mcp-header` is invalid (empty, no token, repeated, not a primitive, not statically reachable) is dropped, that tool alone, with a warning.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'HTTP-2026-07-28-20',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server decodes sentinels before comparing, and answers a known `Mcp-Param-*` that has bad characters, differs from the body, or is absent while the body has a value, with 400 and `-32020`; integers are compared as numbers.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'HTTP-2026-07-28-21',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'On `-32020` for parameter headers the client lists the tools again and retries.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'HTTP-2026-07-28-22',
    level: 'MUST',
    actor: 'gateway',
    sentence:
      'An intermediary forwards `Mcp-Param-*` headers that it does not know, and answers with an HTTP error where its validation fails.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation',
  },
  {
    id: 'HTTP-2026-07-28-23',
    level: 'SHOULD',
    actor: 'gateway',
    sentence:
      'An intermediary that decides policy on mirrored headers trusts them only if `MCP-Protocol-Version` names a revision whose servers validate them, and refuses the request otherwise.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation',
  },
  {
    id: 'HTTP-2026-07-28-24',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'Parameters marked `x-mcp-header` hold no secrets.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'HTTP-2026-07-28-25',
    level: 'MUST',
    actor: 'server',
    sentence:
      'An SSE answer holds notifications that belong to the request, then the response; the server sends no requests on it.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#receiving-messages',
  },
  {
    id: 'HTTP-2026-07-28-26',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'The response ends the stream, which carries `X-Accel-Buffering: no` and, when it is long, comments that keep it alive.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#receiving-messages',
  },
  {
    id: 'HTTP-2026-07-28-27',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client ignores SSE comments, and after a broken stream sends the request anew under a new id.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#receiving-messages',
  },
  {
    id: 'HTTP-2026-07-28-28',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A client that closes the response stream cancels the request: the server stops the work and sends nothing more.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation',
  },
  {
    id: 'HTTP-2026-07-28-29',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'A server for this era alone answers GET and DELETE with 405, ignores `Mcp-Session-Id` and `Last-Event-ID`, and mints no sessions.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-30',
    level: 'MUST',
    actor: 'server',
    sentence:
      'Nothing is inferred from earlier requests or from the connection: state across requests travels in explicit identifiers, so any instance can answer.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic',
  },
  {
    id: 'HTTP-2026-07-28-31',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server implements `server/discover` with `supportedVersions`, `capabilities` and caching hints; `serverInfo` in `_meta` is recommended.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/discover',
  },
  {
    id: 'HTTP-2026-07-28-32',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'Every result has `resultType`, `complete` or `input_required`; unknown values are invalid, and a client reads its absence, from older servers, as `complete`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr',
  },
  {
    id: 'HTTP-2026-07-28-33',
    level: 'MUST',
    actor: 'server',
    sentence:
      'Complete results of discover, of the lists of tools, prompts, resources and resource templates, and of resources/read carry `ttlMs` of at least 0 and `cacheScope`, the same on all pages; what depends on the token is `private`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching',
  },
  {
    id: 'HTTP-2026-07-28-34',
    level: 'MUST',
    actor: 'gateway and client',
    sentence:
      'A `private` result is never shared between authorization contexts, retries with input are never cached, and the key holds method and parameters.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching',
  },
  {
    id: 'HTTP-2026-07-28-35',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The content of a list does not vary by connection; it may vary by authorization, and its order is deterministic.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching',
  },
  {
    id: 'HTTP-2026-07-28-36',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A request that needs a capability which the client did not declare is answered with 400 and `-32021`, with the object `data.requiredCapabilities`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-37',
    level: 'MUST',
    actor: 'server',
    sentence:
      'Input is asked of the client only by an `InputRequiredResult` to `tools/call`, `prompts/get` or `resources/read`, with `inputRequests` or `requestState` or both, and only of kinds that the client declared.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr',
  },
  {
    id: 'HTTP-2026-07-28-38',
    level: 'MUST',
    actor: 'server',
    sentence:
      "`requestState` is in an attacker's hands: where it matters its integrity is protected, and it should be bound to principal, expiry and a digest of the request.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr',
  },
  {
    id: 'HTTP-2026-07-28-39',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client returns `requestState` byte for byte under a new JSON-RPC id, and never uses it for another request.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr',
  },
  {
    id: 'HTTP-2026-07-28-40',
    level: 'MUST',
    actor: 'server',
    sentence:
      '`subscriptions/listen` first yields `notifications/subscriptions/acknowledged`; each notification is tagged with the subscription id, which is the request id, and nothing comes that was not asked for.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions',
  },
  {
    id: 'HTTP-2026-07-28-41',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'A listen stream that ends gracefully ends with the result of the listen request; the cancellation page, which asks for `notifications/cancelled`, contradicts this, so a client accepts both.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions',
  },
  {
    id: 'HTTP-2026-07-28-42',
    level: 'MUST',
    actor: 'server',
    sentence:
      'No `notifications/message` is sent unless the request set a log level, and never on a listen stream.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging',
  },
  {
    id: 'HTTP-2026-07-28-43',
    level: 'MUST',
    actor: 'server',
    sentence:
      'New error codes are only those defined from -32020 to -32099; `-32002` and `-32042` are never sent, and a resource that is not found is `-32602`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic',
  },
  {
    id: 'HTTP-2026-07-28-44',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'A server for this era alone names its supported versions in its error to `initialize`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-45',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'A client of both eras tries the modern one first, reads the body of a 400, stays modern on a modern error, otherwise falls back to `initialize`, and remembers the verdict for the origin.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-46',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The client falls back to HTTP+SSE on 400, 404 or 405 only if the body is not a modern error.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'HTTP-2026-07-28-47',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'An extension that only one side has leads to core behaviour or to an error; extension ids follow the rules for `_meta` keys.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic',
  },
  {
    id: 'HTTP-2026-07-28-48',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'References to the network in tool schemas are never followed by themselves, and the cost of validation is bounded.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/tools#security-considerations',
  },
  {
    id: 'HTTP-2026-07-28-49',
    level: 'SHOULD',
    actor: 'client and server',
    sentence: '`clientInfo` and `serverInfo` decide neither behaviour nor security.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic',
  },
]
