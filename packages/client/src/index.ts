export type * from "./api-types.ts";
export type { AnswerOf, CallName, CallOptions, ConnectionOptions, RequestOf } from "./connection.ts";
export { type Client, createClient, type FeedQuery, type SubmitOptions } from "./create-client.ts";
export { NoStream, type Told } from "./follow-events.ts";
export { type FollowOptions, hasEnded } from "./follow-operation.ts";
export type { IncomingWebhook, ListenOptions, WebhookAnswer } from "./listen.ts";
export { NoAnswer, ProblemError, type ProblemName, UnexpectedAnswer } from "./problem-error.ts";
export type { RetryPolicy } from "./retry.ts";
