import { describeClient } from "./conformance/describe-client.ts";
import { createProducer, startConsumer } from "./index.ts";

describeClient("kafkajs", { createProducer, startConsumer });
