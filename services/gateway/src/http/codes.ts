/** One kind of failure, as the documentation page shows it. */
export interface CodeEntry {
  status: number;
  title: string;
  /** What the reader can do about it, where nothing more exact is known. */
  hint: string;
}

/** Codes that the service behind the gateway refuses with. */
const ofService = {
  UNSILO_FORBIDDEN: {
    status: 403,
    title: 'The key does not have the role that this needs',
    hint: 'Ask an administrator for a key with the role that is named.',
  },
  UNSILO_OTHER_TENANT: {
    status: 403,
    title: 'This belongs to another tenant',
    hint: 'Use a key of the tenant that this hub serves, and name that tenant in events.',
  },
  UNSILO_INVALID: {
    status: 422,
    title: 'This does not fit the contract',
    hint: '`errors` names each place that is wrong; the contract describes every type.',
  },
  UNSILO_NOT_UTF8: { status: 422, title: 'The text is not UTF-8', hint: 'Send UTF-8.' },
  UNSILO_NOT_JSON: { status: 422, title: 'The text is not JSON', hint: 'Send valid JSON.' },
  UNSILO_NOT_FROM_OUTSIDE: {
    status: 422,
    title: 'Events of this type come from the hub alone',
    hint: 'Send changes of parties, objects and interactions.',
  },
  UNSILO_BAD_CURSOR: {
    status: 422,
    title: 'The cursor was not handed out by this list',
    hint: 'Leave it out to begin at the first page.',
  },
  UNSILO_NO_CUSTOMER: {
    status: 404,
    title: 'No customer has this id',
    hint: 'Search for the customer by name, e-mail address, phone number or handle.',
  },
  UNSILO_CUSTOMER_CHANGING: {
    status: 503,
    title: 'This customer is being computed at the moment',
    hint: 'Ask again in a moment.',
  },
  UNSILO_MODEL_INVALID: {
    status: 422,
    title: 'This is no matching model',
    hint: '`errors` names what is wrong; `unsilo train` writes a model.',
  },
  UNSILO_NO_RECORD: {
    status: 404,
    title: 'No such record is known',
    hint: 'Refs are written system/kind/id; the system must have been read at least once.',
  },
  UNSILO_NO_INTERACTION: {
    status: 404,
    title: 'No such interaction is known',
    hint: 'It may have been deleted at its source.',
  },
  UNSILO_NO_VALUE: {
    status: 404,
    title: 'Nobody has ever stated this value',
    hint: 'Look at the provenance of the customer.',
  },
  UNSILO_NO_COMMAND: {
    status: 404,
    title: 'No such command was issued',
    hint: 'Ids of commands stand in the timeline, in records and on the commands topics.',
  },
  UNSILO_NO_EVENT: {
    status: 404,
    title: 'No such event has reached the state',
    hint: 'It may still wait on the log (see the lag of its system), or lie among the dead letters.',
  },
  UNSILO_NO_TOPIC: { status: 404, title: 'There is no such topic', hint: 'The detail lists the topics.' },
  UNSILO_NO_SYSTEM: { status: 404, title: 'There is no such system', hint: 'Systems are named in the configuration.' },
  UNSILO_NO_DEAD_LETTER: {
    status: 404,
    title: 'There is no such dead letter',
    hint: 'It may be older than the topic retains.',
  },
  UNSILO_SAME_RECORD: {
    status: 422,
    title: 'A link or a separation is about two records',
    hint: 'Name two different refs.',
  },
  UNSILO_OTHER_KIND: {
    status: 422,
    title: 'A person and an organization are never one customer',
    hint: 'Link records of one kind.',
  },
  UNSILO_NOTHING_TO_UNDO: {
    status: 409,
    title: 'No such decision still stands',
    hint: 'Somebody may have taken it back. The list of decisions says which of them stand.',
  },
  UNSILO_NOT_AN_EVENT: {
    status: 422,
    title: 'What a connector could not read is no event to replay',
    hint: 'Mend it where it comes from, which is read again, and discard the dead letter.',
  },
  UNSILO_NO_REPLIES: {
    status: 409,
    title: 'The system takes no replies',
    hint: 'Answer through a system whose connector can reply.',
  },
  UNSILO_REPLY_LENGTH: {
    status: 422,
    title: 'The reply is too long, or empty',
    hint: 'The interaction says how long a reply may be.',
  },
  UNSILO_NO_SUCH_OBJECT: {
    status: 409,
    title: 'The system makes no such objects',
    hint: 'The profile of each system lists what it can make.',
  },
} as const satisfies Record<string, CodeEntry>;

/** Every code that the gateway answers with. Codes are never renamed; the page /docs lists them. */
export const codes = {
  UNSILO_HTTP_MALFORMED: {
    status: 400,
    title: 'The body is not valid JSON',
    hint: 'Send valid JSON in UTF-8, without keys such as __proto__.',
  },
  UNSILO_HTTP_INVALID: {
    status: 400,
    title: 'The request does not fit the documentation',
    hint: 'Compare it with /openapi.json; `errors` names each place that is wrong.',
  },
  UNSILO_HTTP_REQUEST: {
    status: 400,
    title: 'The request is not well-formed HTTP',
    hint: 'Check the address and the headers.',
  },
  UNSILO_HTTP_ADDRESS_TOO_LONG: {
    status: 414,
    title: 'The address is too long',
    hint: 'Ids have at most 512 characters.',
  },
  UNSILO_HTTP_TIMEOUT: {
    status: 408,
    title: 'The request took too long to arrive',
    hint: 'Send smaller bodies, or over a faster connection.',
  },
  UNSILO_HTTP_NOT_FOUND: { status: 404, title: 'There is no such address', hint: 'See /docs for all addresses.' },
  UNSILO_HTTP_BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    hint: 'Send fewer items in one request; the limits are in the documentation of the route.',
  },
  UNSILO_HTTP_CONTENT_TYPE: {
    status: 415,
    title: 'The content type is not taken here',
    hint: 'Use one of the content types that the documentation of the route names.',
  },
  UNSILO_HTTP_CONTENT_ENCODING: {
    status: 415,
    title: 'Compressed bodies are not taken',
    hint: 'Send the body without Content-Encoding.',
  },
  UNSILO_HTTP_HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    hint: 'Keep the headers and the address under 16 kB together.',
  },
  UNSILO_KEY_MISSING: {
    status: 401,
    title: 'No API key was sent',
    hint: 'Send `Authorization: Bearer <key>`, or log in to the console.',
  },
  UNSILO_KEY_REFUSED: {
    status: 401,
    title: 'The API key is not valid',
    hint: 'It was never made, was revoked, or its time is over. Ask an administrator for a new one.',
  },
  UNSILO_SESSION_ENDED: { status: 401, title: 'The session has ended', hint: 'Log in again with your key.' },
  UNSILO_ROLE_MISSING: {
    status: 403,
    title: 'The key does not have the role that this needs',
    hint: 'Ask an administrator for a key with one of the roles in `roles`.',
  },
  UNSILO_CROSS_SITE: {
    status: 403,
    title: 'A session may change things only from the console',
    hint: 'Programs send an API key instead of a cookie.',
  },
  UNSILO_RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    hint: 'Wait for as long as the header Retry-After says.',
  },
  UNSILO_STREAMS_EXHAUSTED: {
    status: 429,
    title: 'Too many live streams are open',
    hint: 'Close other consoles, or wait a moment.',
  },
  UNSILO_EVENTS_MODE: {
    status: 415,
    title: 'The request is in none of the three forms of CloudEvents over HTTP',
    hint: 'Send application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce-… headers.',
  },
  UNSILO_EVENTS_TOO_MANY: {
    status: 413,
    title: 'Too many events in one request',
    hint: 'Split them into several requests; repeats are harmless.',
  },
  UNSILO_EVENTS_REJECTED: {
    status: 422,
    title: 'Some events were not accepted',
    hint: 'Mend those that `results` calls rejected and send the same request again: the accepted ones are not taken twice.',
  },
  UNSILO_CUSTOMER_UNKNOWN: {
    status: 404,
    title: 'No customer ever had this id',
    hint: 'Search for the customer by name, e-mail address, phone number or handle.',
  },
  UNSILO_CUSTOMER_GONE: {
    status: 410,
    title: 'This customer was forgotten',
    hint: 'A decision erased it. The log keeps the old events until their retention ends.',
  },
  UNSILO_WEBHOOK_UNKNOWN: {
    status: 404,
    title: 'This system takes no webhooks',
    hint: 'Check the name of the system in the address; /v1/systems lists all.',
  },
  UNSILO_WEBHOOK_REFUSED: {
    status: 401,
    title: 'The call is not authentic',
    hint: 'Configure the same webhook secret in the sending system and here, and check both clocks.',
  },
  UNSILO_WEBHOOK_UNAVAILABLE: {
    status: 503,
    title: 'The call cannot be taken just now',
    hint: 'Send it again later; nothing was kept.',
  },
  UNSILO_NOT_READY: {
    status: 503,
    title: 'The service is not ready',
    hint: '`reasons` says what it is waiting for.',
  },
  UNSILO_CLOSING: { status: 503, title: 'The service is stopping', hint: 'Try again in a moment.' },
  UNSILO_INTERNAL: {
    status: 500,
    title: 'Something went wrong here',
    hint: 'Not your mistake. Look for `requestId` in the server’s log, and report it.',
  },
  ...ofService,
} as const satisfies Record<string, CodeEntry>;

export type ProblemCode = keyof typeof codes;
